const FIRST = Number(process.env['HOLM_TEST_SYNC_FIRST'] ?? 0);
const WALKS = process.env['HOLM_TEST_SYNC_WALKS'];

/** Those of the random walks of sync. `HOLM_TEST_SYNC_WALKS=50 HOLM_TEST_SYNC_FIRST=100`: fifty of them, from the hundredth on. */
export const seeds = (usual: number): readonly number[] =>
  Array.from({ length: WALKS === undefined ? usual : Number(WALKS) }, (_, n) => FIRST + n);
