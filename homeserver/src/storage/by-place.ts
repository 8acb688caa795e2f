/**
 * What was found for each of several things that one statement asked for, in the order of the rows. Each row says in `n` for the
 * how-manieth of them it is, from 1, as `WITH ORDINALITY` counts.
 */
export const byPlace = <Key, Row extends { readonly n: number }>(
  asked: readonly Key[],
  rows: readonly Row[],
): Map<Key, Row[]> => {
  const found = Map.groupBy(rows, ({ n }) => n - 1);
  return new Map(asked.map((one, i) => [one, found.get(i) ?? []]));
};
