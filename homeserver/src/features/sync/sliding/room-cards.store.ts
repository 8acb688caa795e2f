import type { RoomId } from '@holm/spec/ids';
import type { RoomNid } from '../../../rooms/model.ts';
import type { ReadTx } from '../../../storage/database.ts';
import { named, sql } from '../../../storage/sql.ts';
import type { Position } from '../../../streams/stream.ts';

export interface CardRow {
  readonly room_nid: RoomNid;
  readonly room_id: RoomId;
  /** The room's, absent where this server takes no part in it; and the one that the card was made of. */
  readonly head_version: number | null;
  readonly version: number | null;
  readonly changed: Position | null;
  readonly bump: Position | null;
  readonly room_type: string | null;
  readonly is_encrypted: boolean | null;
  /** Stripped state, of a room that this server takes no part in. */
  readonly told: string | null;
}

export interface FreshRow {
  readonly room_nid: RoomNid;
  readonly changed: Position | null;
  readonly bump: Position | null;
  readonly create: string | null;
  readonly is_encrypted: boolean;
}

export interface CardWrite {
  readonly nid: RoomNid;
  readonly version: number;
  readonly changed: Position;
  readonly bump: Position;
  readonly roomType: string | undefined;
  readonly isEncrypted: boolean;
}

export interface CardKeys {
  readonly create: number;
  readonly encryption: number;
  /** A pattern of events' texts. */
  readonly bumping: string;
  /** How many of a room's newest events are looked at. */
  readonly depth: number;
}

export const roomCardsStore = {
  get: (tx: ReadTx, rooms: readonly RoomNid[]): Promise<CardRow[]> =>
    tx.rows(
      named(
        'cards.get',
        sql`SELECT r.room_nid, r.room_id, h.version AS head_version, c.version, c.changed, c.bump, c.room_type,
                   c.is_encrypted,
                   CASE WHEN h.version IS NULL THEN (
                     SELECT stripped FROM memberships m
                      WHERE m.room_nid = r.room_nid AND stripped IS NOT NULL ORDER BY position DESC LIMIT 1)
                   END AS told
              FROM rooms r LEFT JOIN room_heads h USING (room_nid) LEFT JOIN room_cards c USING (room_nid)
             WHERE r.room_nid = ANY(${rooms}::int[])`,
      ),
    ),

  /**
   * What cards are made of, for rooms that have none or that have changed since. Texts are looked through from the newest event back, and
   * no further than to the first that brings the room to the top: mostly that is the newest one.
   */
  fresh: (tx: ReadTx, rooms: readonly RoomNid[], keys: CardKeys): Promise<FreshRow[]> =>
    tx.rows(
      named(
        'cards.fresh',
        sql`SELECT h.room_nid, greatest(newest.position, logged.position) AS changed,
                   coalesce(bumping.position, nullif(c.bump, 0), (
                     SELECT min(position) FROM (
                            SELECT position FROM events
                             WHERE room_nid = h.room_nid AND ord IS NOT NULL ORDER BY ord DESC LIMIT ${keys.depth}) n
                   )) AS bump,
                   (SELECT e.json FROM current_state s JOIN events e USING (event_nid)
                     WHERE s.room_nid = h.room_nid AND s.key_number = ${keys.create}) AS create,
                   EXISTS (SELECT FROM current_state s
                            WHERE s.room_nid = h.room_nid AND s.key_number = ${keys.encryption}) AS is_encrypted
              FROM room_heads h LEFT JOIN room_cards c USING (room_nid)
              LEFT JOIN LATERAL (
                     SELECT position FROM events
                      WHERE room_nid = h.room_nid AND ord IS NOT NULL AND position IS NOT NULL
                      ORDER BY ord DESC LIMIT 1) newest ON true
              LEFT JOIN LATERAL (
                     SELECT position FROM (
                            SELECT position, json FROM events
                             WHERE room_nid = h.room_nid AND ord IS NOT NULL ORDER BY ord DESC LIMIT ${keys.depth}) n
                      WHERE position IS NOT NULL AND json ~ ${keys.bumping} LIMIT 1) bumping ON true
              LEFT JOIN LATERAL (
                     SELECT position FROM room_state_log WHERE room_nid = h.room_nid
                      ORDER BY position DESC LIMIT 1) logged ON true
             WHERE h.room_nid = ANY(${rooms}::int[])`,
      ),
    ),

  /** The events that name rooms. */
  names: (tx: ReadTx, rooms: readonly RoomNid[], key: number): Promise<{ room_nid: RoomNid; json: string }[]> =>
    tx.rows(
      named(
        'cards.names',
        sql`SELECT s.room_nid, e.json FROM current_state s JOIN events e USING (event_nid)
             WHERE s.room_nid = ANY(${rooms}::int[]) AND s.key_number = ${key}`,
      ),
    ),

  put: (tx: ReadTx, cards: readonly CardWrite[]): Promise<unknown> =>
    tx.rows(
      named(
        'cards.put',
        sql`INSERT INTO room_cards (room_nid, version, changed, bump, room_type, is_encrypted)
            SELECT u.* FROM unnest(${cards.map(({ nid }) => nid)}::int[], ${cards.map(({ version }) => version)}::bigint[],
                   ${cards.map(({ changed }) => changed)}::bigint[], ${cards.map(({ bump }) => bump)}::bigint[],
                   ${cards.map(({ roomType }) => roomType ?? null)}::text[],
                   ${cards.map(({ isEncrypted }) => isEncrypted)}::boolean[])
                   AS u(room_nid, version, changed, bump, room_type, is_encrypted)
              JOIN rooms USING (room_nid)
            ON CONFLICT (room_nid) DO UPDATE
               SET version = EXCLUDED.version, changed = EXCLUDED.changed, bump = EXCLUDED.bump,
                   room_type = EXCLUDED.room_type, is_encrypted = EXCLUDED.is_encrypted`,
      ),
    ),
};
