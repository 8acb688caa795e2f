import pg from 'pg';

/** What all tables and their indexes take up together. */
export const tableBytes = async (url: string): Promise<number> => {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  try {
    const { rows } = await connection.query<{ bytes: string }>(
      `SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class
        WHERE relkind = 'r' AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)`,
    );
    return Number(rows[0]?.bytes);
  } finally {
    await connection.end();
  }
};

export const versionOfPostgres = async (url: string): Promise<string> => {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  const { rows } = await connection.query<{ server_version: string; fsync: string; synchronous_commit: string }>(
    `SELECT current_setting('server_version') AS server_version, current_setting('fsync') AS fsync,
            current_setting('synchronous_commit') AS synchronous_commit`,
  );
  await connection.end();
  const [row] = rows;
  return `${row?.server_version} (fsync ${row?.fsync}, synchronous_commit ${row?.synchronous_commit})`;
};

/** Another database of the same server; resolves to its address. */
export const createDatabase = async (url: string, name: string): Promise<string> => {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  await connection.query(`CREATE DATABASE ${name}`);
  await connection.end();
  const address = new URL(url);
  address.pathname = `/${name}`;
  return address.href;
};

/** Transactions so far. A statement outside of any is one of its own. */
export const commits = async (url: string): Promise<number> => {
  const connection = new pg.Client({ connectionString: url });
  await connection.connect();
  const { rows } = await connection.query<{ commits: string }>(
    'SELECT xact_commit AS commits FROM pg_stat_database WHERE datname = current_database()',
  );
  await connection.end();
  return Number(rows[0]?.commits);
};
