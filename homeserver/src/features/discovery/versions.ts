const LAST_MINOR = 13;

/**
 * Every release from the last one of the old scheme on: clients look for those that they know, old clients for old
 * ones. The list says which language we speak, not that nothing is missing; what is missing answers `M_UNRECOGNIZED`.
 * Later releases are added with what makes clients rely on them.
 */
export const SPEC_VERSIONS: readonly string[] = [
  'r0.6.1',
  ...Array.from({ length: LAST_MINOR }, (_, index) => `v1.${index + 1}`),
];

/** Features outside of any release that work now. Whoever builds one adds it. */
export const UNSTABLE_FEATURES: Readonly<Record<string, boolean>> = {
  // Sliding sync: some clients refuse a server without it.
  'org.matrix.simplified_msc3575': true,
  // Messages that every member is sure to get for a while.
  'org.matrix.msc4354': true,
  // Following threads, and hearing of it by sliding sync (MSC4308).
  'org.matrix.msc4306': true,
  // Profiles by sliding sync.
  'org.matrix.msc4262': true,
  // `state_after` in /sync, under its name of before.
  'org.matrix.msc4222': true,
  // Moderators may see what redacted events were.
  'fi.mau.msc2815': true,
  // Threads, relations of relations, and jumping to a date, under their names of before.
  'org.matrix.msc3440.stable': true,
  'org.matrix.msc3981': true,
  'org.matrix.msc3030': true,
  // Users may block invites.
  'org.matrix.msc4380.stable': true,
  // Files are there for those who have an account, and in the new way for other servers.
  'org.matrix.msc3916.stable': true,
  // Profile fields beside the name and the picture.
  'uk.tcpip.msc4133.stable': true,
  // Summaries of rooms.
  'org.matrix.msc3266': true,
  // Redactions are sent like any event, also in rooms of old versions.
  'com.beeper.msc4169': true,
  // Rooms in common, under both names that clients look for, and public rooms by type.
  'uk.half-shot.msc2666.query_mutual_rooms': true,
  'uk.half-shot.msc2666.query_mutual_rooms.stable': true,
  'org.matrix.msc3827.stable': true,
};
