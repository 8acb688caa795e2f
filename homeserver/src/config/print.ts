import { type TObject, type TSchema, KindGuard } from '@sinclair/typebox';
import { stringify } from 'yaml';
import { KEYS, isSection } from './keys.ts';
import type { Loaded } from './load.ts';
import { schema } from './schema.ts';
import { valueAt } from './sources.ts';

const WIDTH = 110;
const HEAD = [
  '## Configuration of a Holm server. Every line is a default or an example, and all are commented out: remove the first',
  '## # of the lines that you change. Lines that start with two of them explain.',
  '## Each key can also be given in the environment: database.pool_size is HOLM_DATABASE_POOL_SIZE, lists are YAML.',
  '## Printed by `holm config example`; `holm config check` says which value came from where.',
  '',
];

/** The example file: every key with its explanation and its default, all commented out. */
export const exampleConfig = (): string => `${[...HEAD, ...members(schema, 0)].join('\n').trimEnd()}\n`;

const members = (parent: TObject, depth: number): string[] =>
  Object.entries(parent.properties).flatMap(([name, child]) => [
    ...comment(child, depth),
    ...(isSection(child) ? [code(`${name}:`, depth), ...members(child, depth + 1)] : value(name, child, depth)),
    ...(depth === 0 ? [''] : []),
  ]);

const code = (line: string, depth: number): string => `#${'  '.repeat(depth)}${line}`;

const comment = (child: TSchema, depth: number): string[] => {
  const indent = `#${'  '.repeat(depth)}# `;
  return [...wrap(`${child.description ?? ''}${details(child)}`, WIDTH - indent.length)].map(
    (line) => `${indent}${line}`,
  );
};

/** What the entries of a list are made of. */
const details = (child: TSchema): string => {
  if (!KindGuard.IsArray(child) || !KindGuard.IsObject(child.items)) return '';
  const keys = Object.entries(child.items.properties).map(([name, key]) => entryKey(name, key));
  return ` Each entry has:\n${keys.join('\n')}`;
};

const entryKey = (name: string, key: TSchema): string => {
  const head = `  ${name}: ${key.description ?? ''}`;
  if (!KindGuard.IsObject(key)) return head;
  const inner = Object.entries(key.properties).map(([child, { description }]) => `    ${child}: ${description ?? ''}`);
  return [head, ...inner].join('\n');
};

const value = (name: string, child: TSchema, depth: number): string[] => {
  const fallback: unknown = child.default;
  const shown: unknown = isEmpty(fallback) ? (child['example'] ?? fallback) : fallback;
  const yaml = stringify({ [name]: shown }, { lineWidth: 0, flowCollectionPadding: false });
  return yaml
    .trimEnd()
    .split('\n')
    .map((line) => code(line, depth));
};

const isEmpty = (fallback: unknown): boolean =>
  fallback === undefined || (typeof fallback === 'object' && fallback !== null && Object.keys(fallback).length === 0);

function* wrap(text: string, width: number): Generator<string> {
  for (const paragraph of text.split('\n')) {
    const indent = /^ */.exec(paragraph)?.[0] ?? '';
    let line = indent;
    for (const word of paragraph.trim().split(/\s+/)) {
      if (line.length + word.length > width && line.trim() !== '') {
        yield line.trimEnd();
        line = `${indent}  `;
      }
      line += `${word} `;
    }
    if (line.trim() !== '') yield line.trimEnd();
  }
}

/** Every key with its value and where that came from; secrets are masked. */
export const describeConfig = ({ config, origin }: Loaded): string =>
  KEYS.map(({ path, name, schema: wanted }) => {
    const found = valueAt(config, path);
    if (found === undefined) return undefined;
    return `${name} = ${masked(found, wanted)}  (${origin(path)})`;
  })
    .filter((line) => line !== undefined)
    .join('\n');

const masked = (found: unknown, wanted: TSchema): string => {
  if (wanted['secret'] === 'all') return '********';
  if (wanted['secret'] === 'url' && typeof found === 'string') {
    const url = URL.parse(found);
    if (!url) return '********';
    if (url.password !== '') url.password = '********';
    return url.href;
  }
  return JSON.stringify(found);
};
