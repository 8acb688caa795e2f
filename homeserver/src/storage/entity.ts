import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';

type Columns<Row> = { readonly [Name in keyof Row]-?: EntitySchemaColumnOptions };

/**
 * A table with plain create, read, update and delete, for `tx.entities.getRepository(...)`. The table itself is made
 * by a migration; this only says how its rows are spelt here.
 */
export const entity = <Row extends object>(table: string, columns: Columns<Row>): EntitySchema<Row> =>
  new EntitySchema<Row>({ name: table, tableName: table, columns: columns as never });

export type { EntitySchema };
