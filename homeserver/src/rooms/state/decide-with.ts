import type { Needs } from '../../core/needs.ts';

/** Drives a decision whose needs are loaded, a batch at a time. */
export const decideWith = async <Id, Value, Result>(
  decision: Needs<Id, Value, Result>,
  load: (ids: readonly Id[]) => Promise<ReadonlyMap<Id, Value>>,
): Promise<Result> => {
  let step = decision.next();
  while (!step.done) step = decision.next(await load(step.value));
  return step.value;
};
