import type { Needs } from '../../core/needs.ts';
import { Turns } from '../../platform/turns.ts';

/** Drives a decision whose needs are loaded, a batch at a time. Where nothing is needed it may be others' turn. */
export const decideWith = async <Id, Value, Result>(
  decision: Needs<Id, Value, Result>,
  load: (ids: readonly Id[]) => Promise<ReadonlyMap<Id, Value>>,
): Promise<Result> => {
  const turns = new Turns();
  let step = decision.next();
  while (!step.done) {
    const isPause = step.value.length === 0;
    if (isPause && turns.isOver) await turns.next();
    step = decision.next(isPause ? new Map<Id, Value>() : await load(step.value));
  }
  return step.value;
};
