import { pduText } from '../../core/events/pdu-text.ts';
import { EVENT_STATUSES } from '../events.store.ts';
import type { StoredEvent } from '../model.ts';
import type { Table } from './table.ts';

/** An event that is placed again may have been soft-failed before. */
export const STICKY: Table = {
  columns: { room_nid: 'int', event_nid: 'bigint', position: 'bigint', expires_at: 'bigint' },
  rows: ({ room, sticky }) => sticky.map(({ nid, position, expiresAt }) => [room, nid, position ?? null, expiresAt]),
  sql: `new_sticky AS (
    INSERT INTO sticky_events (room_nid, event_nid, position, expires_at)
    SELECT * FROM $$
    ON CONFLICT (room_nid, event_nid) DO UPDATE SET position = EXCLUDED.position)`,
};

export const HEADS: Table = {
  columns: {
    room_nid: 'int',
    version: 'bigint',
    snapshot: 'bigint',
    extremities: 'text',
    depth: 'bigint',
    first_ord: 'bigint',
    last_ord: 'bigint',
    next_key: 'int',
    next_auth: 'int',
    last_auth: 'bigint',
  },
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
      FROM $$
     WHERE u.version = 0 OR EXISTS (SELECT FROM room_heads old WHERE old.room_nid = u.room_nid)
    ON CONFLICT (room_nid) DO UPDATE
       SET version = EXCLUDED.version, snapshot = EXCLUDED.snapshot, extremities = EXCLUDED.extremities,
           depth = EXCLUDED.depth, first_ord = EXCLUDED.first_ord, last_ord = EXCLUDED.last_ord,
           next_key = EXCLUDED.next_key, next_auth = EXCLUDED.next_auth, last_auth = EXCLUDED.last_auth
     WHERE h.version = EXCLUDED.version - 1
    RETURNING h.room_nid)`,
};

/** Of a room that has one, which takes less than to look for a conflict. */
export const KNOWN_HEAD: Table = {
  ...HEADS,
  sql: `head AS (
    UPDATE room_heads AS h
       SET version = u.version + 1, snapshot = u.snapshot, extremities = u.extremities::bigint[], depth = u.depth,
           first_ord = u.first_ord, last_ord = u.last_ord, next_key = u.next_key, next_auth = u.next_auth,
           last_auth = u.last_auth
      FROM $$
     WHERE h.room_nid = u.room_nid AND h.version = u.version
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
export const EVENTS: Table = {
  columns: {
    event_nid: 'bigint',
    room_nid: 'int',
    event_id: 'text',
    ord: 'bigint',
    position: 'bigint',
    snapshot: 'bigint',
    key_number: 'int',
    auth_number: 'int',
    replaces: 'bigint',
    redacted_by: 'bigint',
    depth: 'bigint',
    sent_at: 'bigint',
    status: 'smallint',
    json: 'text',
  },
  rows: ({ events }) => events.map(eventRow),
  sql: `new_events AS (
    INSERT INTO events AS e (event_nid, room_nid, event_id, ord, position, snapshot, key_number, auth_number, replaces,
                             redacted_by, depth, sent_at, status, json)
    SELECT * FROM $$
    ON CONFLICT (event_id) DO UPDATE
       SET ord = EXCLUDED.ord, position = EXCLUDED.position, snapshot = EXCLUDED.snapshot, status = EXCLUDED.status,
           key_number = EXCLUDED.key_number, replaces = EXCLUDED.replaces,
           auth_number = coalesce(e.auth_number, EXCLUDED.auth_number),
           redacted_by = coalesce(e.redacted_by, EXCLUDED.redacted_by),
           json = CASE WHEN EXCLUDED.redacted_by IS NULL THEN e.json ELSE EXCLUDED.json END
     WHERE e.snapshot IS NULL OR (e.status = 2 AND EXCLUDED.status <> 2))`,
};

export const TXNS: Table = {
  columns: { room_nid: 'int', key: 'bytea', event_nid: 'bigint' },
  rows: ({ room, txns }) => txns.map(([key, nid]) => [room, key, nid]),
  sql: `new_txns AS (
    INSERT INTO send_txns SELECT key, event_nid FROM $$)`,
};

export const OUTBOX: Table = {
  columns: { room_nid: 'int', position: 'bigint', event_nid: 'bigint', destinations: 'text' },
  rows: ({ room, outbox }) =>
    outbox.map(({ position, eventNid, destinations }) => [room, position, eventNid, pgTextArray(destinations)]),
  sql: `new_outbox AS (
    INSERT INTO outbox (position, event_nid, destinations)
    SELECT position, event_nid, destinations::text[]
      FROM $$)`,
};

export const RELATIONS: Table = {
  columns: {
    room_nid: 'int',
    child_nid: 'bigint',
    parent_id: 'text',
    rel_type: 'text',
    event_type: 'text',
    sender: 'text',
    key: 'text',
    ord: 'bigint',
    sent_at: 'bigint',
  },
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
    SELECT * FROM $$
    ON CONFLICT DO NOTHING)`,
};

/** Server names hold nothing that an array literal would have to escape but its separators. */
const pgTextArray = (names: readonly string[]): string => `{${names.map((name) => `"${name}"`).join(',')}}`;
