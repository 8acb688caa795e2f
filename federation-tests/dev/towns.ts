import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** One of the two servers, and who lives there. */
export interface Town {
  readonly user: string;
  readonly serverName: string;
  /** What the browser talks to, and what the server itself listens on. */
  readonly port: number;
  readonly serverPort: number;
}

export const TOWNS: readonly [Town, Town] = [
  { user: 'alice', serverName: 'north.localhost', port: 8008, serverPort: 8108 },
  { user: 'bob', serverName: 'south.localhost', port: 8009, serverPort: 8109 },
];

export const addressOf = ({ port }: Town): string => `http://localhost:${port}`;

/** Servers find each other by these, in place of DNS. */
const overrides = Object.fromEntries(
  TOWNS.map(({ serverName, serverPort }) => [serverName, `http://127.0.0.1:${serverPort}`]),
);

const unlimited = Object.fromEntries(
  ['login', 'registration', 'message', 'join', 'invite', 'directory', 'media', 'other', 'federation'].map((of) => [
    of,
    'off',
  ]),
);

/** Writes the town's configuration file and says where it is. */
export const configFileOf = (town: Town, dataDir: string): string => {
  const folder = join(dataDir, town.serverName);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'config.yaml');
  const config = {
    server_name: town.serverName,
    data_dir: folder,
    public_base_url: addressOf(town),
    listeners: [{ address: '127.0.0.1', port: town.serverPort }],
    registration: { open: true },
    passwords: { password_hash_cost: 4 },
    federation: { overrides, max_backoff_ms: 5_000 },
    calls: { port: 0, workers: 1 },
    rate_limits: unlimited,
    log: { level: 'warn' },
  };
  writeFileSync(file, `# Written by \`npm run dev\`, again at each start.\n${stringify(config)}`);
  return file;
};
