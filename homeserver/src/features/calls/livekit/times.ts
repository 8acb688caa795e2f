export const TIMES = {
  pingIntervalSeconds: 5,
  pingTimeoutSeconds: 15,
  /** A client whose socket broke off may come back within that time, and is not missed by the others until then. */
  resumeMs: 20_000,
  tokenRefreshMs: 600_000,
};
