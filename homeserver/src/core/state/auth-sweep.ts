import type { AuthGraph, Ordinal } from './auth-graph.ts';

/**
 * Questions about auth chains, each answered by walking the ordinals downwards once: when the walk reaches an event,
 * everything that could refer to it has been seen.
 */

/** The auth chains of some events together, ascending. An event is in it only if another one refers to it. */
export const authChain = (graph: AuthGraph, events: readonly Ordinal[]): Ordinal[] => {
  const IN_CHAIN = 1;
  const GIVEN = 2;
  const marks = new Uint8Array(highest(events) + 1);
  for (const event of events) marks[event] = GIVEN;
  const chain: Ordinal[] = [];
  for (let ordinal = marks.length - 1; ordinal >= 0; ordinal -= 1) {
    if (marks[ordinal] === 0) continue;
    if (isMarked(marks, ordinal, IN_CHAIN)) chain.push(ordinal);
    markAuthEvents(graph, marks, ordinal, IN_CHAIN);
  }
  return chain.reverse();
};

const BELOW = 1;
const ABOVE = 2;

/**
 * The conflicted state subgraph of version 12: all events on paths between conflicted events, ascending, with the
 * conflicted events themselves. https://spec.matrix.org/latest/rooms/v12/#definitions
 */
export const conflictedSubgraph = (graph: AuthGraph, conflicted: readonly Ordinal[]): Ordinal[] => {
  const marks = new Uint8Array(highest(conflicted) + 1);
  const lowest = conflicted.reduce((least, event) => Math.min(least, event), marks.length);
  for (const event of conflicted) marks[event] = BELOW | ABOVE;
  for (let ordinal = marks.length - 1; ordinal > lowest; ordinal -= 1) {
    if (isMarked(marks, ordinal, BELOW)) markAuthEvents(graph, marks, ordinal, BELOW);
  }
  // Upwards again: an event leads to a conflicted one if one of its auth events does or is one.
  const subgraph: Ordinal[] = [];
  for (let ordinal = lowest; ordinal < marks.length; ordinal += 1) {
    if (!isMarked(marks, ordinal, BELOW)) continue;
    if (!isMarked(marks, ordinal, ABOVE) && !leadsTo(graph, marks, ordinal)) continue;
    marks[ordinal] = BELOW | ABOVE;
    subgraph.push(ordinal);
  }
  return subgraph;
};

const isMarked = (marks: Uint8Array, ordinal: Ordinal, mark: number): boolean => ((marks[ordinal] ?? 0) & mark) !== 0;

const markAuthEvents = (graph: AuthGraph, marks: Uint8Array, ordinal: Ordinal, mark: number): void => {
  for (let at = graph.start(ordinal); at < graph.end(ordinal); at += 1) {
    marks[graph.edge(at)] = (marks[graph.edge(at)] ?? 0) | mark;
  }
};

const leadsTo = (graph: AuthGraph, marks: Uint8Array, ordinal: Ordinal): boolean => {
  for (let at = graph.start(ordinal); at < graph.end(ordinal); at += 1) {
    if (isMarked(marks, graph.edge(at), ABOVE)) return true;
  }
  return false;
};

const highest = (events: readonly Ordinal[]): Ordinal => events.reduce((most, event) => Math.max(most, event), -1);
