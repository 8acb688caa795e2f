import type { Sql } from '../../storage/sql.ts';
import { EVENT_STATUSES } from '../events.store.ts';
import type { StoredEvent } from '../model.ts';
import { pduText } from '../../core/events/pdu-text.ts';
import { composeArrays, composeRows } from './composing.ts';
import { NONE_KEPT, type OriginalsKept, redactionTables } from './redaction-tables.ts';
import type { RoomWrite, StateWrite } from './room-write.ts';
import { IN_HEAD, type Table } from './table.ts';

/**
 * Writes of any number of rooms as one statement: one round trip and one commit for all of them.
 *
 * Each room's rows are written only if its head still has the version that the write was built on; the answer names
 * the rooms for which it had.
 */
export const writeStatement = (writes: readonly RoomWrite[], originals: OriginalsKept = NONE_KEPT): Sql => {
  const [first] = writes;
  return (writes.length === 1 && first && loneMessage(first)) || together(writes, originals);
};

const together = (writes: readonly RoomWrite[], originals: OriginalsKept): Sql => {
  const withState = writes.some(({ state }) => state !== undefined);
  const withRedactions = writes.some(({ redactions }) => redactions !== undefined);
  const withRelations = withState || writes.some(({ relations }) => relations.length > 0);
  const withSticky = writes.some(({ sticky }) => sticky.length > 0);
  const tables = [
    ...MESSAGE_TABLES,
    ...(withRelations ? [RELATIONS] : []),
    ...(withState ? STATE_TABLES : []),
    ...(withRedactions ? redactionTables(originals) : []),
    ...(withSticky ? [STICKY] : []),
  ];
  const kind = withState ? 'state' : withRelations ? 'relations' : 'messages';
  return composeArrays(`rooms.write_${kind}${rare(withRedactions, withSticky)}`, tables, writes);
};

/** As nearly all writes are where nobody is in a hurry. Undefined of any other. */
const loneMessage = (write: RoomWrite): Sql | undefined => {
  if (write.state || write.redactions || write.sticky.length > 0 || write.events.length !== 1) return undefined;
  const beside = BESIDE_A_MESSAGE.map(([name, table]) => ({ name, table, rows: table.rows(write) }));
  if (beside.some(({ rows }) => rows.length > 1)) return undefined;
  const present = beside.filter(({ rows }) => rows.length === 1);
  return composeRows(
    `rooms.write_message${present.map(({ name }) => name).join('')}`,
    [HEADS, EVENTS, ...present.map(({ table }) => table)],
    [HEADS.rows(write), EVENTS.rows(write), ...present.map(({ rows }) => rows)].flat(),
  );
};

const rare = (withRedactions: boolean, withSticky: boolean): string =>
  `${withRedactions ? '_redactions' : ''}${withSticky ? '_sticky' : ''}`;

/** An event that is placed again may have been soft-failed before. */
const STICKY: Table = {
  types: ['int', 'bigint', 'bigint', 'bigint'],
  rows: ({ room, sticky }) => sticky.map(({ nid, position, expiresAt }) => [room, nid, position ?? null, expiresAt]),
  sql: `new_sticky AS (
    INSERT INTO sticky_events (room_nid, event_nid, position, expires_at)
    SELECT * FROM $$ AS u(room_nid, event_nid, position, expires_at) WHERE ${IN_HEAD}
    ON CONFLICT (room_nid, event_nid) DO UPDATE SET position = EXCLUDED.position)`,
};

const HEADS: Table = {
  types: ['int', 'bigint', 'bigint', 'text', 'bigint', 'bigint', 'bigint', 'int', 'int', 'bigint'],
  rows: ({ room, base, head }) => [
    [
      room,
      base.version,
      head.snapshot,
      `{${head.extremities.map(({ nid }) => nid).join(',')}}`,
      head.depth,
      head.firstOrd,
      head.lastOrd,
      head.nextKey,
      head.nextAuth,
      head.lastAuthNid,
    ],
  ],
  sql: `head AS (
    INSERT INTO room_heads AS h
           (room_nid, version, snapshot, extremities, depth, first_ord, last_ord, next_key, next_auth, last_auth)
    SELECT room_nid, version + 1, snapshot, extremities::bigint[], depth, first_ord, last_ord, next_key, next_auth,
           last_auth
      FROM $$ AS u(room_nid, version, snapshot, extremities, depth, first_ord, last_ord, next_key, next_auth, last_auth)
     WHERE u.version = 0 OR EXISTS (SELECT FROM room_heads old WHERE old.room_nid = u.room_nid)
    ON CONFLICT (room_nid) DO UPDATE
       SET version = EXCLUDED.version, snapshot = EXCLUDED.snapshot, extremities = EXCLUDED.extremities,
           depth = EXCLUDED.depth, first_ord = EXCLUDED.first_ord, last_ord = EXCLUDED.last_ord,
           next_key = EXCLUDED.next_key, next_auth = EXCLUDED.next_auth, last_auth = EXCLUDED.last_auth
     WHERE h.version = EXCLUDED.version - 1
    RETURNING h.room_nid)`,
};

const eventRow = (stored: StoredEvent): readonly unknown[] => [
  stored.nid,
  stored.roomNid,
  stored.event.eventId,
  stored.ord ?? null,
  stored.position ?? null,
  stored.snapshot ?? null,
  stored.keyNumber ?? null,
  stored.authNumber ?? null,
  stored.replaces ?? null,
  stored.redactedBy ?? null,
  stored.event.depth,
  stored.event.sentAt,
  EVENT_STATUSES.indexOf(stored.status),
  pduText(stored.event),
];

// An outlier that finds its place in the room keeps its row; so does an event that was rejected and should not have been.
const EVENTS: Table = {
  types: [
    'bigint', 'int', 'text', 'bigint', 'bigint', 'bigint', 'int', 'int', 'bigint', 'bigint', 'bigint', 'bigint', 'smallint',
    'text',
  ], // prettier-ignore
  rows: ({ events }) => events.map(eventRow),
  sql: `new_events AS (
    INSERT INTO events AS e (event_nid, room_nid, event_id, ord, position, snapshot, key_number, auth_number, replaces,
                             redacted_by, depth, sent_at, status, json)
    SELECT * FROM $$ AS u(event_nid, room_nid, event_id, ord, position, snapshot, key_number, auth_number,
                                  replaces, redacted_by, depth, sent_at, status, json)
     WHERE ${IN_HEAD}
    ON CONFLICT (event_id) DO UPDATE
       SET ord = EXCLUDED.ord, position = EXCLUDED.position, snapshot = EXCLUDED.snapshot, status = EXCLUDED.status,
           key_number = EXCLUDED.key_number, replaces = EXCLUDED.replaces,
           auth_number = coalesce(e.auth_number, EXCLUDED.auth_number),
           redacted_by = coalesce(e.redacted_by, EXCLUDED.redacted_by),
           json = CASE WHEN EXCLUDED.redacted_by IS NULL THEN e.json ELSE EXCLUDED.json END
     WHERE e.snapshot IS NULL OR (e.status = 2 AND EXCLUDED.status <> 2))`,
};

const TXNS: Table = {
  types: ['int', 'bytea', 'bigint'],
  rows: ({ room, txns }) => txns.map(([key, nid]) => [room, key, nid]),
  sql: `new_txns AS (
    INSERT INTO send_txns SELECT key, event_nid FROM $$ AS u(room_nid, key, event_nid) WHERE ${IN_HEAD})`,
};

const OUTBOX: Table = {
  types: ['int', 'bigint', 'bigint', 'text'],
  rows: ({ room, outbox }) =>
    outbox.map(({ position, eventNid, destinations }) => [room, position, eventNid, pgTextArray(destinations)]),
  sql: `new_outbox AS (
    INSERT INTO outbox (position, event_nid, destinations)
    SELECT position, event_nid, destinations::text[]
      FROM $$ AS u(room_nid, position, event_nid, destinations) WHERE ${IN_HEAD})`,
};

const RELATIONS: Table = {
  types: ['int', 'bigint', 'text', 'text', 'text', 'text', 'text', 'bigint', 'bigint'],
  rows: ({ room, relations }) =>
    relations.map(({ child, relation: { target, type, key } }) => [
      room,
      child.nid,
      target,
      type,
      child.event.type,
      child.event.sender,
      key ?? null,
      child.ord,
      child.event.sentAt,
    ]),
  sql: `new_relations AS (
    INSERT INTO event_relations (room_nid, child_nid, parent_id, rel_type, event_type, sender, key, ord, sent_at)
    SELECT * FROM $$ AS u(room_nid, child_nid, parent_id, rel_type, event_type, sender, key, ord, sent_at)
     WHERE ${IN_HEAD}
    ON CONFLICT DO NOTHING)`,
};

/** Server names hold nothing that an array literal would have to escape but its separators. */
const pgTextArray = (names: readonly string[]): string => `{${names.map((name) => `"${name}"`).join(',')}}`;

const stateTable = (
  types: readonly string[],
  rows: (state: StateWrite) => readonly (readonly unknown[])[],
  sql: string,
): Table => ({
  types: ['int', ...types],
  rows: ({ room, state }) => (state ? rows(state).map((row) => [room, ...row]) : []),
  sql,
});

const STATE_TABLES: readonly Table[] = [
  stateTable(
    ['bigint', 'int', 'bytea', 'bytea'],
    ({ rows }) => rows.map(({ id, hash, data }) => [id, hash?.head ?? null, hash?.rest ?? null, Buffer.from(data)]),
    `new_rows AS (
      INSERT INTO state_rows (room_nid, row_id, hash_head, hash_rest, data)
      SELECT * FROM $$ AS u(room_nid, row_id, hash_head, hash_rest, data) WHERE ${IN_HEAD})`,
  ),
  stateTable(
    ['int', 'text', 'text'],
    ({ keys }) => keys.map(({ number, type, stateKey }) => [number, type, stateKey]),
    `new_keys AS (
      INSERT INTO room_state_keys (room_nid, key_number, type, state_key)
      SELECT * FROM $$ AS u(room_nid, key_number, type, state_key) WHERE ${IN_HEAD})`,
  ),
  stateTable(
    ['int', 'bigint'],
    ({ current }) => current.flatMap(([key, nid]) => (nid === undefined ? [] : [[key, nid]])),
    `new_current AS (
      INSERT INTO current_state (room_nid, key_number, event_nid)
      SELECT * FROM $$ AS u(room_nid, key_number, event_nid) WHERE ${IN_HEAD}
      ON CONFLICT (room_nid, key_number) DO UPDATE SET event_nid = EXCLUDED.event_nid)`,
  ),
  stateTable(
    ['int'],
    ({ current }) => current.flatMap(([key, nid]) => (nid === undefined ? [[key]] : [])),
    `gone_current AS (
      DELETE FROM current_state c USING $$ AS u(room_nid, key_number)
       WHERE c.room_nid = u.room_nid AND c.key_number = u.key_number AND u.${IN_HEAD})`,
  ),
  stateTable(
    ['text', 'text', 'bigint', 'bigint', 'text', 'text'],
    ({ members }) => members.map((m) => [m.userId, m.membership, m.eventNid, m.position, m.server, m.sender]),
    `new_members AS (
      INSERT INTO memberships (room_nid, user_id, membership, event_nid, position, server, sender)
      SELECT * FROM $$ AS u(room_nid, user_id, membership, event_nid, position, server, sender) WHERE ${IN_HEAD}
      ON CONFLICT (room_nid, user_id) DO UPDATE
         SET membership = EXCLUDED.membership, event_nid = EXCLUDED.event_nid, position = EXCLUDED.position,
             sender = EXCLUDED.sender, stripped = NULL, via = NULL, forgotten = false)`,
  ),
  stateTable(
    ['bigint', 'bigint'],
    ({ log }) => log,
    `new_log AS (
      INSERT INTO room_state_log (room_nid, position, snapshot)
      SELECT * FROM $$ AS u(room_nid, position, snapshot) WHERE ${IN_HEAD})`,
  ),
  stateTable(
    ['int', 'bytea'],
    ({ auth }) => auth.map(({ chunk, data }) => [chunk, Buffer.from(data)]),
    `new_auth AS (
      INSERT INTO auth_chunks AS a (room_nid, chunk, data)
      SELECT * FROM $$ AS u(room_nid, chunk, data) WHERE ${IN_HEAD}
      ON CONFLICT (room_nid, chunk) DO UPDATE SET data = a.data || EXCLUDED.data)`,
  ),
  stateTable(
    ['text', 'bigint'],
    ({ gaps }) => gaps,
    `new_gaps AS (
      INSERT INTO room_gaps (room_nid, event_id, child_nid)
      SELECT * FROM $$ AS u(room_nid, event_id, child_nid) WHERE ${IN_HEAD}
      ON CONFLICT DO NOTHING)`,
  ),
  stateTable(
    ['text'],
    ({ filled }) => filled.map((id) => [id]),
    `filled_gaps AS (
      DELETE FROM room_gaps g USING $$ AS u(room_nid, event_id)
       WHERE g.room_nid = u.room_nid AND g.event_id = u.event_id AND u.${IN_HEAD})`,
  ),
];

const MESSAGE_TABLES: readonly Table[] = [HEADS, EVENTS, TXNS, OUTBOX];

const BESIDE_A_MESSAGE: readonly (readonly [name: string, Table])[] = [
  ['_txn', TXNS],
  ['_outbox', OUTBOX],
  ['_relation', RELATIONS],
];
