import { isObject, type Json, type JsonObject } from '@holm/spec/json';

/** A property of an event by the names on the way to it. */
export type Path = readonly string[];

/**
 * `content.m\.mentions.user_ids` and the like: dots part names, and a backslash stands before a dot, or another backslash, that is part
 * of one. https://spec.matrix.org/latest/appendices/#dot-separated-property-paths
 */
export const parsePath = (key: string): Path => {
  const names: string[] = [];
  let name = '';
  for (let i = 0; i < key.length; i++) {
    const character = key.charAt(i);
    const next = key.charAt(i + 1);
    const isEscape = character === '\\' && (next === '.' || next === '\\');
    if (isEscape) i += 1;
    if (character === '.') {
      names.push(name);
      name = '';
    } else name += isEscape ? next : character;
  }
  names.push(name);
  return names;
};

/** What an object has there; nothing for what it only inherits, and inside of lists. */
export const valueAt = (object: JsonObject, path: Path): Json | undefined => {
  let value: Json | undefined = object;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
};
