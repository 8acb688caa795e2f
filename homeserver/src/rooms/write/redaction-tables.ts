import type { RoomNid } from '../model.ts';
import type { RedactionWrite, RoomWrite } from './room-write.ts';
import { IN_HEAD, type Table } from './table.ts';

/** For how long, if at all, what redactions take away is kept. */
export interface OriginalsKept {
  /** The time that it counts from; absent where nothing is kept. */
  readonly since: (room: RoomNid) => number | undefined;
}

export const NONE_KEPT: OriginalsKept = { since: () => undefined };

const table = (
  types: readonly string[],
  rows: (write: RedactionWrite, room: RoomNid) => readonly (readonly unknown[])[],
  sql: string,
): Table => ({
  types: ['int', ...types],
  rows: ({ room, redactions }: RoomWrite) => (redactions ? rows(redactions, room).map((row) => [room, ...row]) : []),
  sql,
});

/**
 * An event that is redacted loses its content in the table itself, so that nothing that reads it can give it away. Events
 * of the same write come without it already: the statement does not see its own rows.
 */
export const redactionTables = (kept: OriginalsKept): readonly Table[] => [
  table(
    ['bigint', 'bigint', 'text'],
    ({ redacted }) => redacted.map(({ target, by, text }) => [target, by, text]),
    `redacted AS (
      UPDATE events e SET redacted_by = u.by, json = u.json FROM $$ AS u(room_nid, target, by, json)
       WHERE e.event_nid = u.target AND e.redacted_by IS NULL AND u.${IN_HEAD})`,
  ),
  // What is redacted says nothing about anything any more.
  table(
    ['bigint'],
    ({ redacted }) => redacted.map(({ target }) => [target]),
    `broken_relations AS (
      DELETE FROM event_relations r USING $$ AS u(room_nid, target)
       WHERE r.room_nid = u.room_nid AND r.child_nid = u.target AND u.${IN_HEAD})`,
  ),
  table(
    ['bigint', 'bigint', 'text'],
    ({ redacted }, room) => {
      const since = kept.since(room);
      if (since === undefined) return [];
      return redacted.flatMap(({ target, original }) => (original === undefined ? [] : [[target, since, original]]));
    },
    `originals AS (
      INSERT INTO redacted_originals (room_nid, event_nid, kept_since, json)
      SELECT * FROM $$ AS u(room_nid, event_nid, kept_since, json) WHERE ${IN_HEAD}
      ON CONFLICT DO NOTHING)`,
  ),
  table(
    ['text', 'bigint'],
    ({ awaited }) => awaited,
    `new_awaited AS (
      INSERT INTO awaited_redactions (room_nid, target_id, redaction_nid)
      SELECT * FROM $$ AS u(room_nid, target_id, redaction_nid) WHERE ${IN_HEAD}
      ON CONFLICT DO NOTHING)`,
  ),
  table(
    ['text'],
    ({ arrived }) => arrived.map((id) => [id]),
    `gone_awaited AS (
      DELETE FROM awaited_redactions a USING $$ AS u(room_nid, target_id)
       WHERE a.room_nid = u.room_nid AND a.target_id = u.target_id AND u.${IN_HEAD})`,
  ),
  table(
    ['bigint', 'bigint', 'bigint'],
    ({ released }) => released.map(({ nid, ord, position }) => [nid, ord ?? null, position ?? null]),
    `released AS (
      UPDATE events e SET status = 0, ord = u.ord, position = u.position
        FROM $$ AS u(room_nid, event_nid, ord, position)
       WHERE e.event_nid = u.event_nid AND u.${IN_HEAD})`,
  ),
];
