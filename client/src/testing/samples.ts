import type { UnixMillis } from '../platform/clock.ts';
import type { Entry } from '../sdk/entry.ts';
import type { RoomSummary } from '../sdk/room-summary.ts';

export const at = (ms: number): UnixMillis => ms as UnixMillis;

export const person = (name: string) => ({ userId: `@${name}:a.org`, name });

export const said = (key: string, sender: string, ms: number, more: Partial<Entry> = {}): Entry => ({
  key,
  sender: person(sender),
  isOwn: sender === 'me',
  at: at(ms),
  body: { kind: 'text', style: 'text', text: key, edited: false },
  delivery: 'sent',
  ...more,
});

export const joined = (key: string, who: string, ms: number): Entry =>
  said(key, who, ms, { body: { kind: 'membership', change: 'joined', target: person(who), reason: '' } });

export const room = (id: string, more: Partial<RoomSummary> = {}): RoomSummary => ({
  id,
  name: id,
  topic: '',
  alias: undefined,
  membership: 'join',
  memberCount: 1,
  isPublic: false,
  activeAt: at(0),
  latest: undefined,
  isUnread: false,
  unreadCount: 0,
  inviter: undefined,
  ...more,
});
