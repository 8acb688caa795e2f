import {
  type SchemaOptions,
  type Static,
  type TOptional,
  type TProperties,
  type TSchema,
  type TString,
  Type,
} from '@sinclair/typebox';

/** What we add to a schema, beside `description` and `default`. */
export interface KeyOptions extends SchemaOptions {
  readonly description: string;
  /** Printed as `********`, or as a URL without its password. */
  readonly secret?: 'all' | 'url';
  /** What the value looks like, for keys without a default. */
  readonly example?: unknown;
}

/** A part of the file with keys of its own. Unknown keys in it are errors. */
export const section = <P extends TProperties>(description: string, properties: P) =>
  Type.Object(properties, { description, default: {}, additionalProperties: false });

/** As `section`, but for the entries of a list, which have no default. */
export const entry = <P extends TProperties>(properties: P) => Type.Object(properties, { additionalProperties: false });

export const text = (options: KeyOptions) => Type.String({ minLength: 1, ...options });
export const flag = (fallback: boolean, description: string) => Type.Boolean({ default: fallback, description });

/** A whole number from `minimum` on. The unit is in the key's name. */
export const count = (fallback: number, description: string, minimum = 0) =>
  Type.Integer({ default: fallback, minimum, description });

export const texts = (description: string, fallback: readonly string[] = [], example?: unknown) =>
  Type.Array(Type.String({ minLength: 1 }), { default: [...fallback], description, example });

export const table = <S extends TSchema>(values: S, description: string, example: unknown) =>
  Type.Record(Type.String(), values, { default: {}, description, example });

export const oneOf = <const V extends readonly string[]>(values: V, options: SchemaOptions = {}) =>
  Type.Unsafe<V[number]>(
    Type.Union(
      values.map((value) => Type.Literal(value)),
      { ...options, expected: `one of ${values.join(', ')}`, choice: true },
    ),
  );

/** A secret is written as `name`, or as `name_file` which names a file that holds it. */
export const secret = <const N extends string>(name: N, options: KeyOptions) =>
  ({
    [name]: Type.Optional(text({ secret: 'all', ...options })),
    [`${name}_file`]: Type.Optional(
      text({
        description: `A file that holds \`${name}\`, instead of the value itself.`,
        example: `/run/secrets/${name}`,
      }),
    ),
  }) as Record<N | `${N}_file`, TOptional<TString>>;

export type Frozen<S extends TSchema> = DeepReadonly<Static<S>>;

export type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;
