import type { RoomNid } from '../model.ts';
import type { RedactionWrite } from './room-write.ts';
import { type Row, type Table, tableOfRooms } from './table.ts';

/** For how long, if at all, what redactions take away is kept. */
export interface OriginalsKept {
  /** The time that it counts from; absent where nothing is kept. */
  readonly since: (room: RoomNid) => number | undefined;
}

export const NONE_KEPT: OriginalsKept = { since: () => undefined };

const table = (
  columns: Table['columns'],
  rows: (write: RedactionWrite, room: RoomNid) => readonly Row[],
  sql: string,
): Table => tableOfRooms(columns, ({ room, redactions }) => (redactions ? rows(redactions, room) : []), sql);

/**
 * An event that is redacted loses its content in the table itself, so that nothing that reads it can give it away. Events
 * of the same write come without it already: the statement does not see its own rows.
 */
export const redactionTables = (kept: OriginalsKept): readonly Table[] => [
  table(
    { target: 'bigint', by: 'bigint', json: 'text' },
    ({ redacted }) => redacted.map(({ target, by, text }) => [target, by, text]),
    `redacted AS (
      UPDATE events e SET redacted_by = u.by, json = u.json FROM $$
       WHERE e.event_nid = u.target AND e.redacted_by IS NULL)`,
  ),
  // What is redacted says nothing about anything any more.
  table(
    { target: 'bigint' },
    ({ redacted }) => redacted.map(({ target }) => [target]),
    `broken_relations AS (
      DELETE FROM event_relations r USING $$
       WHERE r.room_nid = u.room_nid AND r.child_nid = u.target)`,
  ),
  table(
    { event_nid: 'bigint', kept_since: 'bigint', json: 'text' },
    ({ redacted }, room) => {
      const since = kept.since(room);
      if (since === undefined) return [];
      return redacted.flatMap(({ target, original }) => (original === undefined ? [] : [[target, since, original]]));
    },
    `originals AS (
      INSERT INTO redacted_originals (room_nid, event_nid, kept_since, json)
      SELECT * FROM $$
      ON CONFLICT DO NOTHING)`,
  ),
  table(
    { target_id: 'text', redaction_nid: 'bigint' },
    ({ awaited }) => awaited,
    `new_awaited AS (
      INSERT INTO awaited_redactions (room_nid, target_id, redaction_nid)
      SELECT * FROM $$
      ON CONFLICT DO NOTHING)`,
  ),
  table(
    { target_id: 'text' },
    ({ arrived }) => arrived.map((id) => [id]),
    `gone_awaited AS (
      DELETE FROM awaited_redactions a USING $$
       WHERE a.room_nid = u.room_nid AND a.target_id = u.target_id)`,
  ),
  table(
    { event_nid: 'bigint', ord: 'bigint', position: 'bigint' },
    ({ released }) => released.map(({ nid, ord, position }) => [nid, ord ?? null, position ?? null]),
    `released AS (
      UPDATE events e SET status = 0, ord = u.ord, position = u.position
        FROM $$
       WHERE e.event_nid = u.event_nid)`,
  ),
];
