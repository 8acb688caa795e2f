import type { AuthGraph, Ordinal } from './auth-graph.ts';

/**
 * Questions about auth chains, each answered by walking the ordinals downwards once: when the walk reaches an event,
 * everything that could refer to it has been seen.
 */

/** The auth chains of some events together, ascending. An event is in it only if another one refers to it. */
export const authChain = (graph: AuthGraph, events: readonly Ordinal[]): Ordinal[] => {
  const IN_CHAIN = 1;
  const SEED = 2;
  const marks = new Uint8Array(highest(events) + 1);
  for (const event of events) marks[event] = SEED;
  const chain: Ordinal[] = [];
  for (let ordinal = marks.length - 1; ordinal >= 0; ordinal -= 1) {
    const mark = marks[ordinal] ?? 0;
    if (mark === 0) continue;
    if ((mark & IN_CHAIN) !== 0) chain.push(ordinal);
    for (let at = graph.start(ordinal); at < graph.end(ordinal); at += 1) {
      marks[graph.edge(at)] = (marks[graph.edge(at)] ?? 0) | IN_CHAIN;
    }
  }
  return chain.reverse();
};

/**
 * The conflicted state subgraph of version 12: all events on paths between conflicted events, ascending, with the
 * conflicted events themselves. https://spec.matrix.org/latest/rooms/v12/#definitions
 */
export const conflictedSubgraph = (graph: AuthGraph, conflicted: readonly Ordinal[]): Ordinal[] => {
  const BELOW = 1;
  const ABOVE = 2;
  const lowest = conflicted.reduce((least, event) => Math.min(least, event), graph.size);
  const marks = new Uint8Array(highest(conflicted) + 1);
  for (const event of conflicted) marks[event] = BELOW | ABOVE;
  for (let ordinal = marks.length - 1; ordinal > lowest; ordinal -= 1) {
    if (((marks[ordinal] ?? 0) & BELOW) === 0) continue;
    for (let at = graph.start(ordinal); at < graph.end(ordinal); at += 1) {
      marks[graph.edge(at)] = (marks[graph.edge(at)] ?? 0) | BELOW;
    }
  }
  // Upwards again: an event leads to a conflicted one if one of its auth events does or is one.
  const subgraph: Ordinal[] = [];
  for (let ordinal = lowest; ordinal < marks.length; ordinal += 1) {
    let mark = marks[ordinal] ?? 0;
    if ((mark & BELOW) === 0) continue;
    for (let at = graph.start(ordinal); (mark & ABOVE) === 0 && at < graph.end(ordinal); at += 1) {
      mark |= (marks[graph.edge(at)] ?? 0) & ABOVE;
    }
    marks[ordinal] = mark;
    if ((mark & ABOVE) !== 0) subgraph.push(ordinal);
  }
  return subgraph;
};

const highest = (events: readonly Ordinal[]): Ordinal => events.reduce((most, event) => Math.max(most, event), -1);
