import { createValue, type Value } from '../reactive/value.ts';
import { problemOf, type Problem } from '../sdk/problem.ts';

export interface ActionState {
  readonly isBusy: boolean;
  readonly problem: Problem | undefined;
}

/** Something that takes a while and may fail: a form's submission, a page of history. */
export interface Action<Args extends readonly unknown[]> {
  readonly state: Value<ActionState>;
  /** @returns whether it worked; false also when it is already under way */
  run(...args: Args): Promise<boolean>;
  /** Forgets the last problem. */
  reset(): void;
}

const IDLE: ActionState = { isBusy: false, problem: undefined };

export const action = <Args extends readonly unknown[]>(work: (...args: Args) => Promise<void>): Action<Args> => {
  const state = createValue(IDLE);
  return {
    state,
    async run(...args) {
      if (state.get().isBusy) return false;
      state.set({ isBusy: true, problem: undefined });
      try {
        await work(...args);
        state.set(IDLE);
        return true;
      } catch (error) {
        state.set({ isBusy: false, problem: problemOf(error) });
        return false;
      }
    },
    reset: () => {
      if (!state.get().isBusy) state.set(IDLE);
    },
  };
};
