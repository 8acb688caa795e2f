import { readFileSync, writeFileSync } from 'node:fs';
import type { Api, Endpoint, Method } from '@holm/spec/endpoint';

export const STATUSES = ['done', 'partial', 'not built'] as const;
export type Status = (typeof STATUSES)[number];

/** One operation that the specification asks of a homeserver, and how far we are with it. */
export interface Entry {
  readonly api: Api;
  /** The specification's own name of the part it belongs to. */
  readonly module: string;
  /** Not unique: an operation is known by its API, method, path and this. */
  readonly operationId: string;
  readonly method: Method;
  /** With `{name}` parameters, as the specification writes them. */
  readonly path: string;
  /** The version of the specification that brought it; null for those from before 1.1. */
  readonly since: string | null;
  readonly status: Status;
  /** What is missing, where something is. */
  readonly note: string;
}

const file = new URL('ledger.json', import.meta.url);

export const readLedger = (): readonly Entry[] => JSON.parse(readFileSync(file, 'utf8')) as Entry[];

/** One line per entry, so that a change of status is a change of one line. */
export const writeLedger = (entries: readonly Entry[]): void => {
  writeFileSync(file, `[\n${entries.map((entry) => `  ${spaced(entry)}`).join(',\n')}\n]\n`);
};

const spaced = (entry: Entry): string =>
  `{${Object.entries(entry)
    .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`)
    .join(', ')}}`;

/** What identifies an address, whatever its parameters are called. */
const address = (api: Api, method: Method, path: string): string =>
  `${api} ${method} ${path.replaceAll(/:\w+|\{\w+\}/g, '{}')}`;

/** What we add to Matrix: the specification asks for none of it. */
const OURS = '/_holm/';

const addressesOf = ({ api, method, path, aliases = [] }: Endpoint): string[] =>
  [path, ...aliases].map((spelling) => address(api, method, spelling));

const keyOf = (entry: Entry): string => `${address(entry.api, entry.method, entry.path)} ${entry.operationId}`;
export const nameOf = (entry: Entry): string => `${entry.operationId} (${entry.method} ${entry.path})`;

/** The entries that a mounted operation answers; two entries may share an address and differ in their bodies. */
const answering = (ledger: readonly Entry[], mounted: readonly Endpoint[]): ReadonlySet<Entry> => {
  const served = new Set(mounted.flatMap(addressesOf));
  return new Set(ledger.filter((entry) => served.has(address(entry.api, entry.method, entry.path))));
};

/** Every way in which the ledger and the operations that are really mounted disagree, as sentences. */
export const disagreements = (ledger: readonly Entry[], mounted: readonly Endpoint[]): string[] => {
  const answered = answering(ledger, mounted);
  const claimed = ledger.filter((entry) => entry.status !== 'not built');
  const claimedAddresses = new Set(claimed.map(({ api, method, path }) => address(api, method, path)));
  const names = new Set(ledger.map((entry) => `${address(entry.api, entry.method, entry.path)} ${entry.operationId}`));
  return [
    ...claimed
      .filter((entry) => !answered.has(entry))
      .map((entry) => `${nameOf(entry)} is "${entry.status}" but not mounted`),
    ...[...answered]
      .filter(({ api, method, path }) => !claimedAddresses.has(address(api, method, path)))
      .map((entry) => `${nameOf(entry)} is mounted but "not built"`),
    ...mounted
      .filter(({ path }) => !path.startsWith(OURS))
      .filter((endpoint) => !addressesOf(endpoint).some((spelling) => names.has(`${spelling} ${endpoint.operationId}`)))
      .map(({ operationId, method, path }) => `${operationId} (${method} ${path}) is mounted but not in the ledger`),
  ];
};

/** What is wrong with the ledger by itself. */
export const flaws = (ledger: readonly Entry[]): string[] => [
  ...ledger
    .filter((entry, index) => ledger.findIndex((other) => keyOf(other) === keyOf(entry)) !== index)
    .map((entry) => `${nameOf(entry)} is there twice`),
  ...ledger
    .filter(({ status, note }) => status === 'partial' && note.trim() === '')
    .map((entry) => `${nameOf(entry)} is "partial" but does not say what is missing`),
  ...ledger.filter(({ status }) => !STATUSES.includes(status)).map((entry) => `${nameOf(entry)} is "${entry.status}"`),
];

/** The ledger brought up to the mounted operations; what is new in it still has to be judged by a person. */
export const broughtUp = (ledger: readonly Entry[], mounted: readonly Endpoint[]): Entry[] => {
  const answered = answering(ledger, mounted);
  return ledger.map((entry) => {
    if (answered.has(entry) && entry.status === 'not built') {
      return { ...entry, status: 'partial', note: 'mounted; not yet compared with the specification' };
    }
    return answered.has(entry) ? entry : { ...entry, status: 'not built', note: '' };
  });
};
