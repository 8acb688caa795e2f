import type { RoomChange } from './entry.ts';

type Content = Readonly<Record<string, unknown>>;

/** What a state event changed about its room, if a reader would want to know. */
export const roomChange = (type: string, content: Content, before: Content): RoomChange | undefined => {
  switch (type) {
    case 'm.room.create':
      return { what: 'created' };
    case 'm.room.name':
      return { what: 'name', value: text(content['name']) };
    case 'm.room.topic':
      return { what: 'topic', value: text(content['topic']) };
    case 'm.room.encryption':
      return { what: 'encryption' };
    case 'm.room.tombstone':
      return { what: 'upgraded' };
    default:
      // The rest is set once when a room is made; only a later change is news.
      return Object.keys(before).length > 0 ? laterChange(type, content) : undefined;
  }
};

const laterChange = (type: string, content: Content): RoomChange | undefined => {
  switch (type) {
    case 'm.room.avatar':
      return { what: 'avatar' };
    case 'm.room.power_levels':
      return { what: 'power' };
    case 'm.room.canonical_alias':
      return { what: 'alias' };
    case 'm.room.join_rules':
      return { what: 'access', value: accessOf(content['join_rule']) };
    case 'm.room.history_visibility':
      return { what: 'history', value: text(content['history_visibility']) };
    default:
      return undefined;
  }
};

const accessOf = (rule: unknown) => (rule === 'public' || rule === 'invite' ? rule : 'other');
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
