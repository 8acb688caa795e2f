/** A parameterised statement. One with a name is prepared once per connection, and is timed under that name. */
export interface Sql {
  readonly name?: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Builds a statement; an interpolated value can only ever become a `$n`. */
export const sql = (strings: TemplateStringsArray, ...values: readonly unknown[]): Sql => ({
  text: strings.reduce((text, part, i) => `${text}$${i}${part}`),
  values,
});

/** Gives a statement of a hot path its name. The text under one name must never vary. */
export const named = (name: string, statement: Sql): Sql => ({ ...statement, name });
