import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';

type Columns<Row> = { readonly [Name in keyof Row]-?: EntitySchemaColumnOptions };

/**
 * A table with plain create, read, update and delete, for `tx.entities.getRepository(...)`. The table itself is made
 * by a migration; this only says how its rows are spelt here.
 */
export const entity = <Row extends object>(table: string, columns: Columns<Row>): EntitySchema<Row> =>
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- TypeORM's types call for a class, its documents for a literal
  new EntitySchema<Row>({ name: table, tableName: table, columns });

export type { EntitySchema };
