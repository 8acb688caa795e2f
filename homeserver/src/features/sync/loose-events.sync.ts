import type { RoomId } from '@holm/spec/ids';
import type { EventFilter } from '../../core/filters/event-filter.ts';
import type { Filter } from '../../core/filters/filter.ts';
import type { LooseEvent, News, RoomNews } from '../../streams/sync-part.ts';
import { eventsOf, type JsonText } from './json-text.ts';

const looseTexts = (
  events: readonly LooseEvent[] | undefined,
  filter: EventFilter,
  roomId?: RoomId,
): readonly JsonText[] => {
  if (events === undefined || events.length === 0) return [];
  const wanted = events.filter(({ type, sender, content }) => filter.event({ type, sender, content, roomId }));
  return wanted.map(({ type, sender, content }) => JSON.stringify({ type, ...(sender && { sender }), content }));
};

export const roomAccountDataOf = ({ room }: Filter, roomId: RoomId, news: RoomNews | undefined): readonly JsonText[] =>
  looseTexts(news?.accountData, room.accountData, roomId);

export const ephemeralOf = ({ room }: Filter, roomId: RoomId, news: RoomNews | undefined): readonly JsonText[] =>
  looseTexts(news?.ephemeral, room.ephemeral, roomId);

/** What an answer tells beside the rooms. */
export const looseSections = (filter: Filter, news: readonly News[]): Record<string, JsonText> => {
  const sections: Record<string, JsonText> = {};
  const add = (name: string, texts: readonly JsonText[]) => {
    if (texts.length > 0) sections[name] = eventsOf(texts);
  };
  add(
    'account_data',
    news.flatMap(({ accountData }) => looseTexts(accountData, filter.accountData)),
  );
  add(
    'presence',
    news.flatMap(({ presence }) => looseTexts(presence, filter.presence)),
  );
  add(
    'to_device',
    news.flatMap(({ toDevice }) => (toDevice ?? []).map((event) => JSON.stringify(event))),
  );
  const lists = news.find(({ deviceLists }) => deviceLists)?.deviceLists;
  if (lists && lists.changed.length + lists.left.length > 0) sections['device_lists'] = JSON.stringify(lists);
  return sections;
};
