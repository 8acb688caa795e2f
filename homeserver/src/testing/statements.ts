import type { Database } from '../storage/database.ts';

/** What `work` asks the database for outside of snapshots and transactions: the statements' names, or texts where they have none. */
export const statementsOf = async (db: Database, work: () => Promise<unknown>): Promise<readonly string[]> => {
  const statements: string[] = [];
  db.rows = function (statement) {
    statements.push(statement.name ?? statement.text);
    return Object.getPrototypeOf(this).rows.call(this, statement);
  };
  await work().finally(() => Reflect.deleteProperty(db, 'rows'));
  return statements;
};
