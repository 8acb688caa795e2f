/** What is mostly at hand. Whoever has it goes on at once: to wait for what is there costs more than most of what is done with it. */
export type Soon<T> = T | Promise<T>;

const isLate = (value: unknown): value is Promise<unknown> => value instanceof Promise;

/** Goes on with a value, at once if it is at hand. */
export const soon = <T, Next>(value: Soon<T>, next: (value: T) => Soon<Next>): Soon<Next> =>
  value instanceof Promise ? value.then(next) : next(value);

/** Several values, at once if all of them are at hand. */
export const allSoon = <T>(values: readonly Soon<T>[]): Soon<readonly T[]> =>
  values.some(isLate) ? Promise.all(values) : (values as readonly T[]);

/** Two values that are looked for at the same time. */
export const bothSoon = <One, Other>(one: Soon<One>, other: Soon<Other>): Soon<readonly [One, Other]> =>
  isLate(one) || isLate(other) ? Promise.all([one, other]) : [one, other];
