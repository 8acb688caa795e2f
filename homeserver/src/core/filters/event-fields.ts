import type { Json, JsonObject } from '@holm/spec/json';
import { isObject } from '@holm/spec/json';

/** Leaves of an event what a client asked for. */
export type EventFields = (event: JsonObject) => JsonObject;

/** The names in `content.m\.relates_to`: https://spec.matrix.org/latest/appendices/#dot-separated-property-paths */
export const parsePath = (path: string): readonly string[] => {
  const names: string[] = [];
  let name = '';
  for (let i = 0; i < path.length; i++) {
    const character = path.charAt(i);
    const next = path.charAt(i + 1);
    if (character === '\\' && (next === '.' || next === '\\')) {
      name += next;
      i += 1;
    } else if (character === '.') {
      names.push(name);
      name = '';
    } else {
      name += character;
    }
  }
  return [...names, name];
};

/** The parts of an object that are wanted, down to those that are wanted whole. */
interface Wanted {
  readonly children: Map<string, Wanted | 'whole'>;
}

/**
 * Without a list, everything is kept; and with an empty one, as in Synapse: an event of which nothing is left is of use to
 * nobody, and servers may tell more than what was asked for.
 */
export const compileEventFields = (fields: readonly string[] = []): EventFields => {
  if (fields.length === 0) return (event) => event;
  const root: Wanted = { children: new Map() };
  for (const field of fields) want(root, parsePath(field));
  return (event) => pick(event, root);
};

const want = (root: Wanted, path: readonly string[]): void => {
  let node = root;
  for (const [index, name] of path.entries()) {
    const child = node.children.get(name);
    if (child === 'whole') return;
    if (index === path.length - 1) {
      node.children.set(name, 'whole');
      return;
    }
    const next = child ?? { children: new Map<string, Wanted | 'whole'>() };
    node.children.set(name, next);
    node = next;
  }
};

const pick = (object: JsonObject, { children }: Wanted): JsonObject =>
  Object.fromEntries(
    [...children].flatMap(([name, wanted]) => {
      const value = Object.hasOwn(object, name) ? object[name] : undefined;
      const kept = wanted === 'whole' ? value : pickNested(value, wanted);
      return kept === undefined ? [] : [[name, kept] as const];
    }),
  );

const pickNested = (value: Json | undefined, wanted: Wanted): Json | undefined => {
  if (!isObject(value)) return undefined;
  const picked = pick(value, wanted);
  return Object.keys(picked).length > 0 ? picked : undefined;
};
