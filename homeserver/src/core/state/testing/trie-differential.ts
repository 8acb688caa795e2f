/** A trie against a plain map, on states that change in bulk and fork. */
import type { EventNid, KeyNumber, Root } from '../trie-row.ts';
import { find } from '../trie-find.ts';
import { diff, diffMany, entries, lookup } from '../trie-read.ts';
import type { StateHash, StateHasher } from '../state-hash.ts';
import type { Dice } from './dice.ts';
import { expectSame, isSameState, Mismatch } from './mismatch.ts';
import { TrieRows } from './trie-rows.ts';

interface Step {
  readonly root: Root;
  readonly map: ReadonlyMap<KeyNumber, EventNid>;
  readonly hash: StateHash;
}

/** Throws a `Mismatch` if they disagree. The hash is that of each state, kept up to date change by change. */
export const compareTrieWithMap = (dice: Dice, hasher: StateHasher): void => {
  const rows = new TrieRows(dice);
  const keyLimit = dice.pick([33, 70, 70, 1_100, 1_100, 40_000, 2 ** 31]);
  const nidBase = dice.pick([1, 1, 5_000_000, 2 ** 48]);
  const steps: Step[] = [{ root: undefined, map: new Map(), hash: 0n }];
  const count = 2 + dice.below(4);
  for (let n = 0; n < count; n += 1) {
    const from = dice.pick(steps.slice(-3));
    const known = [...from.map.keys()];
    const key = () => (known.length > 0 && dice.chance(0.4) ? dice.pick(known) : dice.below(keyLimit));
    const changes = new Map(
      Array.from({ length: 1 + dice.below(n === 0 || dice.chance(0.1) ? 50 : 5) }, () => [
        key(),
        dice.chance(0.2) ? 0 : nidBase + dice.below(1_000),
      ]),
    );
    steps.push(step(rows, from, changes, hasher));
  }
  for (const { root, map } of steps.slice(1)) compareReads(rows, root, map, dice);
  compareDifferences(rows, steps);
};

const step = (rows: TrieRows, from: Step, changes: ReadonlyMap<KeyNumber, EventNid>, hasher: StateHasher): Step => {
  const map = new Map(from.map);
  let { hash } = from;
  for (const [key, event] of changes) {
    hash = hasher.add(hasher.remove(hash, key, map.get(key) ?? 0), key, event);
    if (event === 0) map.delete(key);
    else map.set(key, event);
  }
  const root = rows.update(from.root, changes);
  if (isSameState(map, from.map) && root !== from.root) throw new Mismatch('a trie changed though no entry did');
  return { root, map, hash };
};

const compareReads = (rows: TrieRows, root: Root, map: ReadonlyMap<KeyNumber, EventNid>, dice: Dice): void => {
  const sorted = [...map].sort(([a], [b]) => a - b);
  expectSame('entries', rows.ask(entries(root)).flat(), sorted.flat());
  const asked = [...dice.some([...map.keys()], 4), dice.below(40), dice.below(50_000)];
  const found = rows.ask(lookup(root, asked));
  const atHand = find(root, asked, (id) => rows.row(id));
  for (const key of asked) {
    expectSame(`lookup of ${key}`, [found.get(key)], [map.get(key)]);
    expectSame(`lookup of ${key} at hand`, [atHand?.get(key)], [map.get(key)]);
  }
};

const compareDifferences = (rows: TrieRows, steps: readonly Step[]): void => {
  const last = steps.at(-1);
  if (last === undefined) return;
  for (const { root, map, hash } of steps) {
    const expected = differing([map, last.map]).flat();
    expectSame('diff', rows.ask(diff(root, last.root)).flat(), expected);
    if ((hash === last.hash) !== (expected.length === 0)) throw new Mismatch('hashes of states do not tell them apart');
  }
  const many = [...rows.ask(diffMany(steps.map(({ root }) => root)))].map(([key, events]) => [key, ...events]);
  expectSame('diffMany', many.flat(), differing(steps.map(({ map }) => map)).flat());
};

/** The keys at which not all of the maps have the same, with what each has. */
export const differing = (maps: readonly ReadonlyMap<KeyNumber, EventNid>[]): number[][] =>
  [...new Set(maps.flatMap((map) => [...map.keys()]))]
    .sort((a, b) => a - b)
    .map((key) => [key, ...maps.map((map) => map.get(key) ?? 0)])
    .filter(([, first, ...others]) => others.some((other) => other !== first));
