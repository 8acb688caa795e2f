/** Ways to break what the random rooms are to watch over. Each must be found, or the rooms are not random enough. */
export interface Mutant {
  readonly name: string;
  /** Below homeserver/src/core/state. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const MUTANTS: readonly Mutant[] = [
  { name: 'v2: no time in the tie-break', file: 'power-order.ts', find: 'x.sentAt - y.sentAt ||', replace: '' },
  { name: 'v2: no event id in the tie-break', file: 'power-order.ts', find: '|| Buffer.compare(Buffer.from(x.eventId), Buffer.from(y.eventId))', replace: '' },
  { name: 'v2: power order the wrong way round', file: 'power-order.ts', find: 'x > y ? -1 : 1', replace: 'x > y ? 1 : -1' },
  { name: 'v2: power order ignores power', file: 'power-order.ts', find: 'descending(power.get(x.eventId) ?? 0, power.get(y.eventId) ?? 0) ||', replace: '' },
  { name: 'v2: power order is not topological', file: 'power-order.ts', find: 'if (left === 0) ready.add(follower)', replace: 'if (left >= 0) ready.add(follower)' },
  { name: 'v2: mainline the wrong way round', file: 'mainline.ts', find: 'at(x) > at(y) ? -1 : 1', replace: 'at(x) > at(y) ? 1 : -1' },
  { name: 'v2: mainline without the winner itself', file: 'mainline.ts', find: 'seen: [powerLevels]', replace: 'seen: []' },
  { name: 'v2: mainline ignored', file: 'mainline.ts', find: 'at(x) === at(y) ?', replace: 'true ?' },
  { name: 'v2: no auth difference', file: 'resolve-v2.ts', find: '...conflict.authDifference,', replace: '' },
  { name: 'v2.1: no subgraph', file: 'resolve-v2.ts', find: '...(rules.withSubgraph ? conflict.conflictedSubgraph : []),', replace: '' },
  { name: 'v2.1: starts from the unconflicted state', file: 'resolve.ts', find: 'startEmpty: true', replace: 'startEmpty: false' },
  { name: 'v2: starts from nothing', file: 'resolve.ts', find: 'startEmpty: false', replace: 'startEmpty: true' },
  { name: 'v2: no iterative auth checks', file: 'resolve-v2.ts', find: 'if (passes(event, judging)) state.set', replace: 'state.set' },
  { name: 'v2: own auth events do not fill gaps', file: 'resolve-v2.ts', find: '?? own(type, key)', replace: '' },
  { name: 'v2: own auth events come first', file: 'resolve-v2.ts', find: 'state.get(stateKey(type, key)) ?? own(type, key)', replace: 'own(type, key) ?? state.get(stateKey(type, key))' },
  { name: 'v2: rejected events lend authority', file: 'resolve-v2.ts', find: 'gathered.acceptedAuthStateOf(event)', replace: 'gathered.authStateOf(event)' },
  { name: 'v2: join rules are no power events', file: 'resolve-v2.ts', find: " || type === 'm.room.join_rules'", replace: '' },
  { name: 'v2: leaving is a power event', file: 'resolve-v2.ts', find: ' && sender !== key', replace: '' },
  { name: 'v2: power events without what they rest on', file: 'resolve-v2.ts', find: '.filter((one) => one !== undefined));', replace: '.filter(() => false) as never[]);' },
  { name: 'v2: the unconflicted state has not the last word', file: 'resolve-v2.ts', find: 'if (gathered.unconflicted(key) === undefined) result', replace: 'result' },
  { name: 'v1: deepest first', file: 'resolve-v1.ts', find: 'b.event.depth - a.event.depth', replace: 'a.event.depth - b.event.depth' },
  { name: 'v1: no hash in the tie-break', file: 'resolve-v1.ts', find: '|| Buffer.compare(a.hash, b.hash)', replace: '' },
  { name: 'v1: does not stop at the first that is refused', file: 'resolve-v1.ts', find: '!passes(event, stateAfter)) break', replace: '!passes(event, stateAfter)) continue' },
  { name: 'v1: a missing key is a conflict', file: 'resolve-v1.ts', find: '.filter(([, ids]) => ids.length === 1)', replace: '.filter(() => false)' },
  { name: 'v1: memberships before join rules', file: 'resolve-v1.ts', find: "'m.room.join_rules', 'm.room.member'", replace: "'m.room.member', 'm.room.join_rules'" },
  { name: 'v1: others by depth alone', file: 'resolve-v1.ts', find: 'sorted.find((event) => passes(event, state)) ?? sorted.at(-1)', replace: 'sorted[0]' },
  { name: 'difference: literal for inclusive', file: 'narrow-difference.ts', find: 'this.#inclusive ? reached : chain', replace: 'chain' },
  { name: 'difference: stops too early', file: 'narrow-difference.ts', find: 'ordinal >= 0 && sweep.open > 0', replace: 'ordinal >= 0 && sweep.open > 1' },
  { name: 'difference: shared events forgotten', file: 'narrow-difference.ts', find: 'this.#seed(shared, this.#full);', replace: '' },
  { name: 'difference: the set of shared events forgotten', file: 'narrow-difference.ts', find: 'this.#inAll?.has(ordinal) ? this.#full : own', replace: 'own' },
  { name: 'wide difference: literal for inclusive', file: 'auth-difference.ts', find: 'if (sweep.isPartial(ordinal, inclusive))', replace: 'if (sweep.isPartial(ordinal, false))' },
  { name: 'wide difference: stops too early', file: 'auth-difference.ts', find: 'ordinal >= 0 && sweep.open > 0', replace: 'ordinal >= 0 && sweep.open > 1' },
  { name: 'wide difference: the set of shared events forgotten', file: 'auth-difference.ts', find: 'if (inAll?.has(ordinal)) sweep.share(ordinal);\n    else ', replace: '' },
  { name: 'subgraph: only the way down', file: 'auth-sweep.ts', find: '&& !leadsTo(graph, marks, ordinal)) continue', replace: '&& false) continue' },
  { name: 'trie: diff stops at the first slot', file: 'trie-read.ts', find: 'if (isSameAt(slots, digit)) continue;', replace: 'if (isSameAt(slots, digit) || digit === 31) continue;' },
  { name: 'trie: removal leaves the entry', file: 'trie-update.ts', find: 'if (after === before) continue;', replace: 'if (after === before || after === 0) continue;' },
  { name: 'trie: forgets a level when it grows', file: 'trie-nodes.ts', find: 'return digit === 0 ? pointer : 0;', replace: 'return 0;' },
  { name: 'trie: a patch forgets earlier changes', file: 'trie-update.ts', find: 'new Set([...earlier, ...changed])', replace: 'new Set(changed)' },
  { name: 'trie: a patch loses a removal', file: 'trie-update.ts', find: 'ascending.flatMap(', replace: 'ascending.filter((digit) => slots[digit]).flatMap(' },
  { name: 'trie: what a patch is of is not read', file: 'trie-nodes.ts', find: 'return full && (assertFull(full, base).slots[digit] ?? 0);', replace: 'return 0;' },
  { name: 'trie: at hand, of a small one more is found than it has', file: 'trie-find.ts', find: 'if (key >= span(topLevel + 1)) return 0;', replace: '' },
  { name: 'trie: a leaf is written without its least event', file: 'trie-row.ts', find: 'lowest === Infinity ? 0 : lowest', replace: 'lowest + 1' },
  { name: 'hash: an entry less is not taken off', file: 'state-hash.ts', find: 'BigInt.asUintN(BITS, hash - this.#term(key, event))', replace: 'hash' },
]; // prettier-ignore
