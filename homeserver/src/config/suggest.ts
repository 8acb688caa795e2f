/** How many single-letter edits apart two words are, swaps of neighbours included. */
const distance = (a: string, b: string): number => {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const options = [at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1)];
      if (swapped) options.push(at(before, j - 2) + 1);
      row.push(Math.min(...options));
    }
    before = last;
    last = row;
  }
  return at(last, b.length);
};

const at = (row: readonly number[], index: number): number => row[index] ?? 0;

/** The known word that somebody who wrote `wrong` most likely meant. */
export const suggest = (wrong: string, known: readonly string[]): string | undefined => {
  const ranked = known
    .map((word) => ({ word, apart: distance(wrong.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.apart - b.apart);
  const [best] = ranked;
  return best && best.apart <= Math.max(2, wrong.length / 3) ? best.word : undefined;
};
