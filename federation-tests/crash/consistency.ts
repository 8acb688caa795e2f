import pg from 'pg';

/** What must be true of a database at any time; each query finds rows for which it is not. */
const RULES: readonly (readonly [rule: string, sql: string])[] = [
  [
    'the head of a room is its newest event',
    `SELECT room_nid FROM room_heads h
      WHERE last_ord <> (SELECT coalesce(max(ord), 0) FROM events e WHERE e.room_nid = h.room_nid)`,
  ],
  [
    'a timeline has no holes',
    `SELECT room_nid FROM events WHERE ord IS NOT NULL
      GROUP BY room_nid HAVING count(*) <> max(ord) - min(ord) + 1`,
  ],
  ['no two events have one position', 'SELECT position FROM events GROUP BY position HAVING count(position) > 1'],
  [
    'positions of a room follow its order',
    `SELECT event_nid FROM (SELECT event_nid, position,
            lag(position) OVER (PARTITION BY room_nid ORDER BY ord) AS before FROM events WHERE position IS NOT NULL) e
      WHERE position <= before`,
  ],
  [
    'extremities are events of the room',
    `SELECT room_nid FROM room_heads h, unnest(extremities) AS nid
      WHERE NOT EXISTS (SELECT FROM events e WHERE e.event_nid = nid AND e.room_nid = h.room_nid)`,
  ],
  [
    'the current state is a row of the state tries',
    `SELECT room_nid FROM room_heads h
      WHERE snapshot <> 0 AND NOT EXISTS (SELECT FROM state_rows s WHERE s.row_id = h.snapshot)`,
  ],
  [
    'states before events are rows of the state tries',
    `SELECT event_nid FROM events e
      WHERE snapshot > 0 AND NOT EXISTS (SELECT FROM state_rows s WHERE s.row_id = e.snapshot)`,
  ],
  [
    'current state refers to events that set that key',
    `SELECT c.event_nid FROM current_state c LEFT JOIN events e USING (event_nid)
      WHERE e.key_number IS DISTINCT FROM c.key_number`,
  ],
  [
    'the newest entry of the state log is what is current',
    `SELECT room_nid FROM room_heads h
      WHERE snapshot <> (SELECT snapshot FROM room_state_log l WHERE l.room_nid = h.room_nid
                          ORDER BY position DESC LIMIT 1)`,
  ],
  [
    'no number was given twice in the graph of authority',
    `SELECT room_nid FROM events WHERE auth_number IS NOT NULL
      GROUP BY room_nid HAVING count(*) <> count(DISTINCT auth_number)`,
  ],
  [
    'current state has its place in the graph of authority',
    'SELECT event_nid FROM current_state c JOIN events e USING (event_nid) WHERE e.auth_number IS NULL',
  ],
  [
    'transactions became events that exist',
    'SELECT event_nid FROM send_txns t WHERE NOT EXISTS (SELECT FROM events e WHERE e.event_nid = t.event_nid)',
  ],
];

/** The rules that the database breaks. */
export const brokenRules = async (url: string): Promise<string[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const broken: string[] = [];
    for (const [rule, sql] of RULES) {
      const { rowCount } = await client.query(sql);
      if (rowCount !== 0) broken.push(`${rule} (${rowCount} times not)`);
    }
    return broken;
  } finally {
    await client.end();
  }
};
