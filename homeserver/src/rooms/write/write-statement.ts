import type { Sql } from '../../storage/sql.ts';
import { composeArrays, composeRows } from './composing.ts';
import { EVENTS, HEADS, KNOWN_HEAD, OUTBOX, RELATIONS, STICKY, TXNS } from './message-tables.ts';
import { NONE_KEPT, type OriginalsKept, redactionTables } from './redaction-tables.ts';
import type { RoomWrite } from './room-write.ts';
import { STATE_TABLES } from './state-tables.ts';
import type { Table } from './table.ts';

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
  const isMessage = !write.state && !write.redactions && write.sticky.length === 0 && write.events.length === 1;
  if (!isMessage || write.base.version === 0) return undefined;
  const beside = BESIDE_A_MESSAGE.map(([name, table]) => ({ name, table, rows: table.rows(write) }));
  if (beside.some(({ rows }) => rows.length > 1)) return undefined;
  const present = beside.filter(({ rows }) => rows.length === 1);
  return composeRows(
    `rooms.write_message${present.map(({ name }) => name).join('')}`,
    [KNOWN_HEAD, EVENTS, ...present.map(({ table }) => table)],
    [KNOWN_HEAD.rows(write), EVENTS.rows(write), ...present.map(({ rows }) => rows)].flat(),
  );
};

const rare = (withRedactions: boolean, withSticky: boolean): string =>
  `${withRedactions ? '_redactions' : ''}${withSticky ? '_sticky' : ''}`;

const MESSAGE_TABLES: readonly Table[] = [HEADS, EVENTS, TXNS, OUTBOX];

const BESIDE_A_MESSAGE: readonly (readonly [name: string, Table])[] = [
  ['_txn', TXNS],
  ['_outbox', OUTBOX],
  ['_relation', RELATIONS],
];
