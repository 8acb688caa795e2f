import '@holm/spec/formats';
import { type TSchema, KindGuard } from '@sinclair/typebox';
import { type ValueError, Value, ValueErrorType } from '@sinclair/typebox/value';
import { schemaAt } from './keys.ts';
import { schema } from './schema.ts';
import { meant } from './sources.ts';

type Where = (path: readonly string[]) => string | undefined;

/** What is wrong with a value, one sentence for each key, with the place where it was written. */
export const problemsOf = (value: unknown, where: Where): string[] => {
  const seen = new Set<string>();
  const problems: string[] = [];
  for (const error of Value.Errors(schema, value)) {
    if (seen.has(error.path)) continue;
    seen.add(error.path);
    const path = segments(error.path);
    problems.push(`${placeOf(path, where)}${sentence(error, path)}`);
  }
  return problems;
};

const segments = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

/** The nearest thing above a missing key that was written somewhere. */
const placeOf = (path: readonly string[], where: Where): string => {
  for (let length = path.length; length > 0; length--) {
    const place = where(path.slice(0, length));
    if (place !== undefined) return `${place}: `;
  }
  return '';
};

const sentence = (error: ValueError, path: readonly string[]): string => {
  const name = path.join('.');
  if (error.type === ValueErrorType.ObjectAdditionalProperties) {
    const parent = schemaAt(path.slice(0, -1));
    const known = parent && KindGuard.IsObject(parent) ? Object.keys(parent.properties) : [];
    return `unknown key ${name}${meant(path.at(-1) ?? '', known)}`;
  }
  if (error.type === ValueErrorType.ObjectRequiredProperty) return `${name} is missing`;
  return `${name} is ${shown(error.value)}; expected ${expected(error.schema, error.message)}`;
};

const shown = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

const FORMATS: Readonly<Record<string, string>> = { 'mx-server-name': 'a server name such as example.org' };

const expected = (wanted: TSchema, message: string): string => {
  if (typeof wanted['expected'] === 'string') return wanted['expected'];
  if (typeof wanted['format'] === 'string') return FORMATS[wanted['format']] ?? message;
  const kind = KINDS.find(({ is }) => is(wanted));
  return kind?.say(wanted) ?? message.replace(/^Expected /, '');
};

const numeric = (wanted: TSchema): string => {
  const kind = KindGuard.IsInteger(wanted) ? 'a whole number' : 'a number';
  const { minimum, maximum, exclusiveMinimum } = wanted as Record<string, number | undefined>;
  if (exclusiveMinimum !== undefined) return `${kind} above ${exclusiveMinimum}`;
  if (minimum !== undefined && maximum !== undefined) return `${kind} from ${minimum} to ${maximum}`;
  return minimum === undefined ? kind : `${kind}, at least ${minimum}`;
};

const keysOf = (wanted: TSchema): string => Object.keys(wanted['properties'] as object).join(', ');
const patterned = ({ pattern }: TSchema): string => (pattern === undefined ? 'text' : `text that matches ${pattern}`);

const KINDS: readonly { is: (wanted: unknown) => boolean; say: (wanted: TSchema) => string }[] = [
  { is: KindGuard.IsInteger, say: numeric },
  { is: KindGuard.IsNumber, say: numeric },
  { is: KindGuard.IsBoolean, say: () => 'true or false' },
  { is: KindGuard.IsArray, say: () => 'a list' },
  { is: KindGuard.IsObject, say: (wanted) => `a section with ${keysOf(wanted)}` },
  { is: KindGuard.IsRecord, say: () => 'keys and values' },
  { is: KindGuard.IsString, say: patterned },
];
