import type { Tx } from '../../storage/database.ts';
import { sql } from '../../storage/sql.ts';
import type { EventNid, RoomNid } from '../model.ts';
import type { Undone } from './redactions-again.ts';

/** What goes with events that have turned out not to be of the room. */
export const takenBackStore = {
  /** What they said about others, that they stick, what they were to redact, and that somebody has not read them. */
  async takeBack(tx: Tx, room: RoomNid, nids: readonly EventNid[]): Promise<void> {
    if (nids.length === 0) return;
    await tx.run(sql`
      WITH relations AS (
        DELETE FROM event_relations WHERE room_nid = ${room} AND child_nid = ANY(${nids}::bigint[])),
      awaited AS (
        DELETE FROM awaited_redactions WHERE room_nid = ${room} AND redaction_nid = ANY(${nids}::bigint[])),
      unread AS (DELETE FROM unread_events WHERE room_nid = ${room})
      UPDATE sticky_events SET position = NULL WHERE room_nid = ${room} AND event_nid = ANY(${nids}::bigint[])`);
  },

  /** They are not redacted, or not by what has been taken for their redaction. */
  async restore(tx: Tx, room: RoomNid, undone: readonly Undone[]): Promise<void> {
    if (undone.length === 0) return;
    const restored = undone.filter(({ event }) => event.redactedBy === undefined).map(({ event }) => event.nid);
    await tx.run(sql`
      WITH originals AS (
        DELETE FROM redacted_originals WHERE room_nid = ${room} AND event_nid = ANY(${restored}::bigint[])),
      unread AS (DELETE FROM unread_events WHERE room_nid = ${room})
      UPDATE events e SET redacted_by = u.by, json = coalesce(u.json, e.json)
        FROM unnest(${undone.map(({ event }) => event.nid)}::bigint[],
                    ${undone.map(({ event }) => event.redactedBy ?? null)}::bigint[],
                    ${undone.map(({ text }) => text ?? null)}::text[]) AS u (event_nid, by, json)
       WHERE e.event_nid = u.event_nid`);
  },
};
