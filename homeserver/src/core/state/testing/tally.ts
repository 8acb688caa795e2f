/** What the cases have met: without it nobody knows whether they met anything. */
export interface Tally {
  cases: number;
  readonly versions: Record<string, number>;
  events: number;
  rejectedEvents: number;
  casesWithRejected: number;
  /** Rooms of which two or more resolutions took some accepted events for rejected. */
  casesWithDisowned: number;
  /** States brought together, and how often they disagreed. */
  merges: number;
  conflicts: number;
  /** Conflicts whose auth difference, or subgraph, held events beyond those in conflict. */
  authDifferences: number;
  subgraphs: number;
  /** Conflicts whose full conflicted set depends on whether a state's events count as part of its chain. */
  differencesByReading: number;
  /** … and how often the resolved state did. */
  inclusiveMatters: number;
  /** Resolutions that following chains through events outside of the conflict would change. */
  chainsThroughOutsidersMatter: number;
  /** Resolutions of version 1 in which a key kept an event that does not pass. */
  keptThoughNonePasses: number;
}

export const newTally = (): Tally => ({
  cases: 0,
  versions: {},
  events: 0,
  rejectedEvents: 0,
  casesWithRejected: 0,
  casesWithDisowned: 0,
  merges: 0,
  conflicts: 0,
  authDifferences: 0,
  subgraphs: 0,
  differencesByReading: 0,
  inclusiveMatters: 0,
  chainsThroughOutsidersMatter: 0,
  keptThoughNonePasses: 0,
});
