import { CLOSED } from '@holm/spec/extensions/websocket-wire';

const SECOND = 1_000;
const MINUTE = 60_000;
const LONGEST_MS = 5 * MINUTE;
const RESTART_MS = 5 * SECOND;
/** A server that restarts does not do so all the time. */
const MAX_RESTARTS = 3;
const GOING_AWAY = 1001;
/** The server would refuse it again, or one of the two has a bug. */
const HOPELESS: readonly number[] = [CLOSED.badMessage, 1002, 1007, 1009];

/**
 * How long to wait before a socket is opened again that was closed with `code`, as the `failures`-th in a row; nothing where
 * that is no use before there is another token. `chance` spreads out those who were cut off together.
 */
export const pauseAfter = (code: number, failures: number, chance: number): number | undefined => {
  if (code === CLOSED.sessionOver || code === CLOSED.softLogout) return undefined;
  if (code === GOING_AWAY && failures < MAX_RESTARTS) return chance * RESTART_MS;
  if (code === CLOSED.tooMany || HOPELESS.includes(code)) return LONGEST_MS;
  return Math.min(SECOND * 2 ** Math.min(failures, 20), LONGEST_MS) * (0.5 + chance / 2);
};

/** A server that does not offer sockets may do so later. */
export const PAUSE_WITHOUT_MS = 10 * MINUTE;
