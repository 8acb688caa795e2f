/** How much of what notifies somebody they have not read. */
export interface Counts {
  readonly notifications: number;
  /** Of these, how many have the highlight tweak. */
  readonly highlights: number;
}

/** Of one room, in terms of no dialect of sync in particular. */
export interface UnreadCounts {
  readonly total: Counts;
  /** Of what is in no thread. */
  readonly main: Counts;
  /** By the threads' roots; those that have been read are left out. */
  readonly threads: ReadonlyMap<string, Counts>;
}
