import type { StateWrite } from './room-write.ts';
import { type Row, type Table, tableOfRooms } from './table.ts';

const stateTable = (columns: Table['columns'], rows: (state: StateWrite) => readonly Row[], sql: string): Table =>
  tableOfRooms(columns, ({ state }) => (state ? rows(state) : []), sql);

export const STATE_TABLES: readonly Table[] = [
  stateTable(
    { row_id: 'bigint', hash_head: 'int', hash_rest: 'bytea', data: 'bytea' },
    ({ rows }) => rows.map(({ id, hash, data }) => [id, hash?.head ?? null, hash?.rest ?? null, Buffer.from(data)]),
    `new_rows AS (
      INSERT INTO state_rows (room_nid, row_id, hash_head, hash_rest, data)
      SELECT * FROM $$)`,
  ),
  stateTable(
    { key_number: 'int', type: 'text', state_key: 'text' },
    ({ keys }) => keys.map(({ number, type, stateKey }) => [number, type, stateKey]),
    `new_keys AS (
      INSERT INTO room_state_keys (room_nid, key_number, type, state_key)
      SELECT * FROM $$)`,
  ),
  stateTable(
    { key_number: 'int', event_nid: 'bigint' },
    ({ current }) => current.flatMap(([key, nid]) => (nid === undefined ? [] : [[key, nid]])),
    `new_current AS (
      INSERT INTO current_state (room_nid, key_number, event_nid)
      SELECT * FROM $$
      ON CONFLICT (room_nid, key_number) DO UPDATE SET event_nid = EXCLUDED.event_nid)`,
  ),
  stateTable(
    { key_number: 'int' },
    ({ current }) => current.flatMap(([key, nid]) => (nid === undefined ? [[key]] : [])),
    `gone_current AS (
      DELETE FROM current_state c USING $$
       WHERE c.room_nid = u.room_nid AND c.key_number = u.key_number)`,
  ),
  stateTable(
    { user_id: 'text', membership: 'text', event_nid: 'bigint', position: 'bigint', server: 'text', sender: 'text' },
    ({ members }) => members.map((m) => [m.userId, m.membership, m.eventNid, m.position, m.server, m.sender]),
    `new_members AS (
      INSERT INTO memberships (room_nid, user_id, membership, event_nid, position, server, sender)
      SELECT * FROM $$
      ON CONFLICT (room_nid, user_id) DO UPDATE
         SET membership = EXCLUDED.membership, event_nid = EXCLUDED.event_nid, position = EXCLUDED.position,
             sender = EXCLUDED.sender, stripped = NULL, via = NULL,
             forgotten = memberships.forgotten AND EXCLUDED.membership IN ('leave', 'ban'))`,
  ),
  stateTable(
    { position: 'bigint', snapshot: 'bigint' },
    ({ log }) => log,
    `new_log AS (
      INSERT INTO room_state_log (room_nid, position, snapshot)
      SELECT * FROM $$)`,
  ),
  stateTable(
    { chunk: 'int', data: 'bytea' },
    ({ auth }) => auth.map(({ chunk, data }) => [chunk, Buffer.from(data)]),
    `new_auth AS (
      INSERT INTO auth_chunks AS a (room_nid, chunk, data)
      SELECT * FROM $$
      ON CONFLICT (room_nid, chunk) DO UPDATE SET data = a.data || EXCLUDED.data)`,
  ),
  stateTable(
    { event_id: 'text', child_nid: 'bigint' },
    ({ gaps }) => gaps,
    `new_gaps AS (
      INSERT INTO room_gaps (room_nid, event_id, child_nid)
      SELECT * FROM $$
      ON CONFLICT DO NOTHING)`,
  ),
  stateTable(
    { event_id: 'text' },
    ({ filled }) => filled.map((id) => [id]),
    `filled_gaps AS (
      DELETE FROM room_gaps g USING $$
       WHERE g.room_nid = u.room_nid AND g.event_id = u.event_id)`,
  ),
];
