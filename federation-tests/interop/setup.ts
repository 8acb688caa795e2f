import { Pair } from './pair.ts';

const START_MS = 120_000;

let pair: Pair | undefined;

/** The two servers of the run. All tests share them: people and rooms are new in each. */
export const thePair = (): Pair => {
  if (!pair) throw new Error('the servers are not up: run this with npm run test:interop');
  return pair;
};

export const mochaHooks = {
  async beforeAll(this: Mocha.Context): Promise<void> {
    this.timeout(START_MS);
    pair = await Pair.start();
  },
  async afterAll(): Promise<void> {
    await pair?.[Symbol.asyncDispose]();
  },
};
