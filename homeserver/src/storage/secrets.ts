import type { Entropy } from '../platform/entropy.ts';
import type { Database } from './database.ts';
import { sql } from './sql.ts';

const BYTES = 32;

/** A random value that belongs to this database: made when first asked for, the same ever after. */
export const secret = async (db: Database, entropy: Entropy, name: string): Promise<Buffer> => {
  await db.run(sql`INSERT INTO secrets (name, value) VALUES (${name}, ${entropy.bytes(BYTES)}) ON CONFLICT DO NOTHING`);
  const [row] = await db.rows<{ value: Buffer }>(sql`SELECT value FROM secrets WHERE name = ${name}`);
  if (!row) throw new Error(`the secret ${name} was not kept`);
  return row.value;
};
