/**
 * A decision that asks for what it needs.
 *
 * Core code is synchronous and pure, but cannot know in advance which events or trie nodes it will look at.
 * It yields the ids; whoever drives it loads them and hands them back. Ids that do not exist are simply absent
 * from the answer. In long work it asks for nothing from time to time, so that others can have their turn.
 */
export type Needs<Id, Value, Result> = Generator<readonly Id[], Result, ReadonlyMap<Id, Value>>;

/** Drives a decision whose needs are all at hand. */
export const decide = <Id, Value, Result>(
  decision: Needs<Id, Value, Result>,
  lookup: (id: Id) => Value | undefined,
): Result => {
  let step = decision.next();
  while (!step.done) {
    const found = new Map<Id, Value>();
    for (const id of step.value) {
      const value = lookup(id);
      if (value !== undefined) found.set(id, value);
    }
    step = decision.next(found);
  }
  return step.value;
};
