import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import type { Dice } from './dice.ts';

/** What a field of an event may be made: the wrong type, the wrong size, or right but for a detail. */
const ODD: readonly Json[] = [
  null, true, 0, -1, 1, 2 ** 31, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 2 ** 63, 1e308, 0.5, -0, '', ' ', '0', 'x', '\u0000', '\u007f', '\ud800',
  '\udc00\ud800', '\u202e', '💥', '$', '!', '@', '@:', '@mallory:rogue.test', '@x:rogue.test', '@x:a.test', '#', 'm.room.create',
  'm.room.member', 'm.room.power_levels', 'm.room.redaction', 'm.room.server_acl', 'm.room.tombstone', 'join', 'ban', 'invite',
  '__proto__', 'constructor', 'toString', 'a'.repeat(255), 'a'.repeat(256), 'é'.repeat(200), 'a'.repeat(66_000), [], [null], [[]], ['$x'],
  [['$x', {}]], {}, { '': '' }, { sha256: '' }, { a: { a: { a: { a: [] } } } }, { membership: 'join' }, { users: { '@x:rogue.test': 100 } },
]; // prettier-ignore

const NAMES = [
  'redacts',
  'state_key',
  'unsigned',
  'origin',
  'event_id',
  'membership',
  'age',
  '__proto__',
  'constructor',
];

type Path = readonly (string | number)[];

const pathsIn = (value: Json, path: Path = []): Path[] => {
  const members: (readonly [string | number, Json | undefined])[] = Array.isArray(value)
    ? value.map((item: Json, index) => [index, item] as const)
    : isObject(value)
      ? Object.entries(value)
      : [];
  return members.flatMap(([key, item]) => [
    [...path, key],
    ...(item === undefined ? [] : pathsIn(item, [...path, key])),
  ]);
};

const changed = (value: Json, [key, ...rest]: Path, change: (before: Json | undefined) => Json | undefined): Json => {
  if (key === undefined) return change(value) ?? null;
  if (Array.isArray(value)) {
    const items = [...(value as Json[])];
    const after = rest.length === 0 ? change(items[Number(key)]) : changed(items[Number(key)] ?? null, rest, change);
    items.splice(Number(key), 1, ...(after === undefined ? [] : [after]));
    return items;
  }
  const members = new Map(Object.entries(isObject(value) ? value : {}));
  const before = members.get(String(key));
  const after = rest.length === 0 ? change(before) : changed(before ?? null, rest, change);
  if (after === undefined) members.delete(String(key));
  else members.set(String(key), after);
  return Object.fromEntries(members);
};

/** A PDU with one to three things in it changed. */
export const mutated = (pdu: JsonObject, dice: Dice): JsonObject => {
  let value: Json = pdu;
  for (let count = dice.below(3); count >= 0; count--) {
    const path = dice.of(pathsIn(value));
    const odd = dice.of(ODD);
    const changes: readonly (() => Json)[] = [
      () => changed(value, path, () => odd),
      () => changed(value, path, () => odd),
      () => changed(value, path, () => undefined),
      () => changed(value, path, (before) => [before ?? null]),
      () => changed(value, path, (before) => (typeof before === 'number' ? before + dice.of([-1, 1, 0.5, 2 ** 40]) : odd)),
      () => changed(value, path, (before) => (typeof before === 'string' ? before + dice.of(['x', '\ud800', 'é', ' ']) : odd)),
      () => changed(value, path, (before) => (Array.isArray(before) ? [...(before as Json[]), ...(before as Json[])] : odd)),
      () => changed(value, path, (before) => (Array.isArray(before) ? Array.from({ length: 500 }, () => '$x') : odd)),
      () => changed(value, [dice.of(NAMES)], () => odd),
    ]; // prettier-ignore
    value = dice.of(changes)();
  }
  return isObject(value) ? value : pdu;
};

const TOKENS = ['1e400', '-0', '1.0', '1E2', '9007199254740993', '00', 'NaN', '"\\ud800"', '"\\u0000"', '\ud800', '{}', '[', ']', '}', ',', '"', ':', '\\',
  '"a":1,"a":2,', '[[[[[[[[', '\u0000', '\ufeff', 'null', '/**/']; // prettier-ignore

/** A text with something in it cut out, doubled or overwritten, as if the wire or a bad serialiser had done it. */
export const garbled = (text: string, dice: Dice): string => {
  const at = dice.below(text.length);
  const length = dice.of([1, 2, 8, 100]);
  return dice.of<() => string>([
    () => text.slice(0, at),
    () => text.slice(0, at) + text.slice(at + length),
    () => text.slice(0, at) + text.slice(at, at + length) + text.slice(at),
    () => text.slice(0, at) + dice.of(TOKENS) + text.slice(at),
    () => text.replace(/:\d+/, `:${dice.of(TOKENS)}`),
    () => text.replace(/"m\.text"/, dice.of(TOKENS)),
  ])();
};
