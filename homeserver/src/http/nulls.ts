import { KindGuard, OptionalKind, type TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';

/**
 * A value of others without the members that are null and may be left out: that is how libraries in Go, Rust and Python say that there is
 * nothing. Where null means something, it stays; where something is needed, too, for somebody to complain about.
 */
export const withoutNulls = (schema: TSchema, value: unknown): unknown =>
  nullsIn(value) <= MOST ? strip(schema, value) : value;

/** No library says so more often in one request, and to look at a million characters of them would hold everybody else up. */
const MOST = 1_000;

/** Up to one more than are of interest. */
const nullsIn = (value: unknown): number => {
  if (value === null) return 1;
  if (typeof value !== 'object') return 0;
  let count = 0;
  for (const name in value) {
    count += nullsIn((value as Record<string, unknown>)[name]);
    if (count > MOST) break;
  }
  return count;
};

const strip = (schema: TSchema, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || isAllRight(schema, value)) return value;
  if (KindGuard.IsUnion(schema)) {
    const tries = schema.anyOf.map((one) => ({ one, without: strip(one, value) }));
    return tries.find(({ one, without }) => Value.Check(one, without))?.without ?? value;
  }
  if (KindGuard.IsIntersect(schema)) return schema.allOf.reduce((rest: unknown, one) => strip(one, rest), value);
  if (Array.isArray(value)) {
    return KindGuard.IsArray(schema) ? value.map((item) => strip(schema.items, item)) : value;
  }
  const of = memberSchemas(schema);
  const kept = Object.entries(value).flatMap(([name, member]: [string, unknown]) => {
    const wanted = of(name);
    if (!wanted) return [[name, member] as const];
    const isNothing = member === null && wanted[OptionalKind] !== undefined && !Value.Check(wanted, null);
    return isNothing ? [] : [[name, strip(wanted, member)] as const];
  });
  return Object.fromEntries(kept);
};

/** There is no null in it, or it is an event or the like, which stays the very object that it is. */
const isAllRight = (schema: TSchema, value: object): boolean =>
  KindGuard.IsUnknown(schema) ||
  (KindGuard.IsObject(schema) && Object.keys(schema.properties).length === 0) ||
  nullsIn(value) === 0;

const memberSchemas = (schema: TSchema): ((name: string) => TSchema | undefined) => {
  if (KindGuard.IsObject(schema)) {
    const { properties } = schema;
    return (name) => (Object.hasOwn(properties, name) ? properties[name] : undefined);
  }
  const [every] = KindGuard.IsRecord(schema) ? Object.values(schema.patternProperties) : [];
  return () => every;
};
