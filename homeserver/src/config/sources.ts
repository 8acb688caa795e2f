import { isObject } from '@holm/spec/json';
import {
  LineCounter,
  type Node,
  type Pair,
  type YAMLMap,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parse,
  parseDocument,
} from 'yaml';
import { type TSchema, KindGuard } from '@sinclair/typebox';
import { KEYS } from './keys.ts';
import { suggest } from './suggest.ts';

/** A value as somebody wrote it, and where. */
export interface Source {
  readonly value: unknown;
  /** Where a key is written, such as `holm.yaml:12` or `HOLM_DATABASE_URL`; `undefined` when it is not. */
  readonly where: (path: readonly string[]) => string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything that is wrong with a configuration, one sentence each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

export const fromYaml = (file: string, content: string): Source => {
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const problems = document.errors.map(({ pos, message }) => `${file}:${lines.linePos(pos[0]).line}: ${message}`);
  if (problems.length > 0) throw new ConfigError(problems);
  const value: unknown = document.toJS() ?? {};
  if (!isObject(value)) throw new ConfigError([`${file}: expected keys and values`]);

  const where = (path: readonly string[]): string | undefined => {
    const node = isNode(document.contents) ? keyNode(document.contents, path) : undefined;
    const offset = node?.range?.[0];
    return offset === undefined ? undefined : `${file}:${lines.linePos(offset).line}`;
  };
  return { value, where };
};

/** The node of the last segment's key, so that the line is the one where the key stands. */
const keyNode = (root: Node, path: readonly string[]): Node | undefined => {
  const last = path.at(-1);
  const parent = path.slice(0, -1).reduce<Node | undefined>(childOf, root);
  if (isMap(parent) && last !== undefined) return asNode(pairOf(parent, last)?.key);
  return last === undefined ? root : childOf(parent, last);
};

const childOf = (parent: Node | undefined, segment: string): Node | undefined => {
  if (isMap(parent)) return asNode(pairOf(parent, segment)?.value);
  return isSeq(parent) ? asNode(parent.items[Number(segment)]) : undefined;
};

const pairOf = (map: YAMLMap, name: string): Pair | undefined =>
  map.items.find(({ key }) => isScalar(key) && String(key.value) === name);

const asNode = (value: unknown): Node | undefined => (isNode(value) ? value : undefined);

/** Names of the environment that start like ours and are no keys. */
const NOT_KEYS = new Set(['HOLM_CONFIG', 'HOLM_MEDIA_WORKER']);
/** What a key is called by the programs that it is about. Our own name wins. */
const OTHER_NAMES: Readonly<Record<string, string>> = { HOLM_CALLS_WORKER: 'MEDIASOUP_WORKER_BIN' };

export const fromEnvironment = (environment: Environment): Source => {
  const value = {};
  const found = new Map<string, string>();
  for (const key of KEYS) {
    const name = [key.environment, OTHER_NAMES[key.environment] ?? ''].find((each) => (environment[each] ?? '') !== '');
    const raw = name === undefined ? undefined : environment[name];
    if (name === undefined || raw === undefined) continue;
    put(value, key.path, isText(key.schema) ? raw : parsed(name, raw));
    found.set(key.name, name);
  }
  const known = KEYS.map((key) => key.environment);
  const problems = Object.keys(environment)
    .filter((name) => name.startsWith('HOLM_') && !known.includes(name) && !NOT_KEYS.has(name))
    .map((name) => `the environment has ${name}, which is no key${meant(name, known)}`);
  if (problems.length > 0) throw new ConfigError(problems);

  const where = (path: readonly string[]): string | undefined => {
    for (let length = path.length; length > 0; length--) {
      const name = found.get(path.slice(0, length).join('.'));
      if (name !== undefined) return name;
    }
    return undefined;
  };
  return { value, where };
};

const isText = (wanted: TSchema): boolean => KindGuard.IsString(wanted) || wanted['choice'] === true;

const parsed = (name: string, raw: string): unknown => {
  try {
    return parse(raw);
  } catch {
    throw new ConfigError([`${name} is not YAML`]);
  }
};

export const meant = (wrong: string, known: readonly string[]): string => {
  const better = suggest(wrong, known);
  return better === undefined ? '' : `; did you mean ${better}?`;
};

export const put = (target: object, path: readonly string[], value: unknown): void => {
  const [head, ...rest] = path;
  if (head === undefined) return;
  const record = target as Record<string, unknown>;
  if (rest.length === 0) record[head] = value;
  else {
    if (!isObject(record[head])) record[head] = {};
    put(record[head] as object, rest, value);
  }
};

export const valueAt = (root: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((parent, segment) => (isObject(parent) ? parent[segment] : undefined), root);
