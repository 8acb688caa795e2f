import type { RoomId } from '@holm/spec/ids';
import type { EventFilter } from '../../core/filters/event-filter.ts';
import type { Filter } from '../../core/filters/filter.ts';
import type { LooseEvent, RoomNews } from '../../streams/sync-part.ts';
import type { JsonText } from './json-text.ts';

export const looseTexts = (
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
