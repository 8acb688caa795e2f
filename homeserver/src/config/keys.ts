import { type TObject, type TSchema, KindGuard } from '@sinclair/typebox';
import { schema } from './schema.ts';

/** A key that holds a value: everything but the sections. */
export interface Key {
  readonly path: readonly string[];
  readonly name: string;
  readonly environment: string;
  readonly schema: TSchema;
}

const isSection = (candidate: TSchema): candidate is TObject =>
  KindGuard.IsObject(candidate) && candidate['default'] !== undefined;

function* keysOf(parent: TObject, path: readonly string[]): Generator<Key> {
  for (const [property, child] of Object.entries(parent.properties)) {
    const here = [...path, property];
    if (isSection(child)) yield* keysOf(child, here);
    else {
      const environment = `HOLM_${here.join('_').toUpperCase()}`;
      yield { path: here, name: here.join('.'), environment, schema: child };
    }
  }
}

/** Every key there is, in the order of the example file. */
export const KEYS: readonly Key[] = [...keysOf(schema, [])];

/** The schema at a JSON pointer's segments, through sections, lists and tables. */
export const schemaAt = (path: readonly string[]): TSchema | undefined =>
  path.reduce<TSchema | undefined>((parent, segment) => {
    if (parent === undefined) return undefined;
    if (KindGuard.IsObject(parent)) return parent.properties[segment];
    if (KindGuard.IsArray(parent)) return parent.items;
    if (KindGuard.IsUnion(parent))
      return parent.anyOf.find((option) => KindGuard.IsObject(option))?.properties[segment];
    return undefined;
  }, schema);

export { isSection };
