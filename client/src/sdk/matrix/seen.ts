import type { Storage } from '../../platform/storage.ts';

/** The newest event that was on screen here, room by room; kept for servers and times without read receipts. */
export interface Seen {
  last(roomId: string): string | undefined;
  mark(roomId: string, eventId: string): void;
}

export const seenIn = (storage: Storage, userId: string): Seen => {
  const key = `seen.${userId}`;
  const marks = new Map<string, string>(parse(storage.read(key)));
  return {
    last: (roomId) => marks.get(roomId),
    mark(roomId, eventId) {
      if (marks.get(roomId) === eventId) return;
      marks.set(roomId, eventId);
      storage.write(key, JSON.stringify([...marks]));
    },
  };
};

const parse = (raw: string | undefined): [string, string][] => {
  if (raw === undefined) return [];
  try {
    const marks = JSON.parse(raw) as unknown;
    return Array.isArray(marks) ? marks.filter(isMark) : [];
  } catch {
    // Somebody else's text under our key. The marks are a convenience: begin again.
    return [];
  }
};

const isMark = (mark: unknown): mark is [string, string] =>
  Array.isArray(mark) && mark.length === 2 && mark.every((part) => typeof part === 'string');
