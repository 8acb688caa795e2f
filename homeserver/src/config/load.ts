import { readFileSync } from 'node:fs';
import { Value } from '@sinclair/typebox/value';
import { problemsOf } from './check.ts';
import { KEYS } from './keys.ts';
import { type ServerConfig, schema } from './schema.ts';
import { ConfigError, type Environment, type Source, fromEnvironment, fromYaml, put, valueAt } from './sources.ts';

export interface Loaded {
  readonly config: ServerConfig;
  /** Where a key's value came from: a line of the file, the environment, or `default`. */
  readonly origin: (path: readonly string[]) => string;
}

const NOWHERE: Source = { value: {}, where: () => undefined };

/**
 * Reads the configuration once, at start: file, then environment over it, then defaults below both.
 *
 * `file` is the one that was asked for; without it there is none. Throws `ConfigError` with everything that is wrong.
 */
export const loadConfig = (file: string | undefined, environment: Environment): Loaded => {
  const written = file === undefined ? NOWHERE : fromYaml(file, readText(file));
  return combine(written, fromEnvironment(environment));
};

const combine = (file: Source, environment: Source): Loaded => {
  const where = (path: readonly string[]): string | undefined => environment.where(path) ?? file.where(path);
  const merged = structuredClone(file.value) as object;
  choicesToText(merged);
  // A mistake in a section, such as text where keys belong, must be reported before values are put into it.
  if (file.value !== NOWHERE.value) report(problemsOf(Value.Default(schema, structuredClone(merged)), file.where));
  for (const { path } of KEYS) {
    const value = valueAt(environment.value, path);
    if (value !== undefined) put(merged, path, value);
  }
  const config = Value.Default(schema, merged) as object;
  report(problemsOf(config, where));
  readSecrets(config, where);
  return {
    config: deepFreeze(config) as ServerConfig,
    origin: (path) => where(path) ?? 'default',
  };
};

/** `default_version: 12` is a number to YAML. */
const choicesToText = (written: object): void => {
  for (const { path, schema: wanted } of KEYS) {
    const value = valueAt(written, path);
    if (wanted['choice'] === true && typeof value === 'number') put(written, path, String(value));
  }
};

const report = (problems: readonly string[]): void => {
  if (problems.length > 0) throw new ConfigError(problems);
};

const SUFFIX = '_file';

/** Fills `name` from the file that `name_file` names, for the keys that come in both forms. */
const readSecrets = (config: object, where: Source['where']): void => {
  for (const { path, schema: wanted } of KEYS) {
    if (wanted['secret'] === undefined) continue;
    const filePath = [...path.slice(0, -1), `${path.at(-1) ?? ''}${SUFFIX}`];
    const file = valueAt(config, filePath);
    if (typeof file !== 'string') continue;
    if (valueAt(config, path) !== undefined) {
      throw new ConfigError([`${where(filePath) ?? ''}: ${path.join('.')} is given twice, as value and as file`]);
    }
    const text = readText(file).trim();
    if (text === '') throw new ConfigError([`${file}, named by ${filePath.join('.')}, is empty`]);
    put(config, path, text);
  }
};

const readText = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError([`cannot read ${file}: ${code === 'ENOENT' ? 'there is no such file' : String(code)}`]);
  }
};

const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
};

/** A configuration for tests: defaults, with some keys given as they would stand in the file. */
export const configOf = (value: object): ServerConfig => combine({ value, where: () => undefined }, NOWHERE).config;
