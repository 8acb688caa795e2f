import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';

/** How a part of the server is. Parts that are not `needed` may be down while the server is ready. */
export interface Check {
  readonly name: string;
  readonly needed: boolean;
  /** Resolves to what is wrong in a few plain words, or to `undefined`. A rejection counts as wrong. */
  readonly problem: () => Promise<string | undefined>;
}

export interface Health {
  readonly isReady: boolean;
  readonly components: Readonly<Record<string, string>>;
}

interface Tools {
  readonly clock: Clock;
  readonly log: Log;
}

const ANSWER_WITHIN_MS = 3000;

/** Asks all parts at once. One that does not answer in time is as bad as one that is down. */
export const healthOf = async (checks: readonly Check[], tools: Tools): Promise<Health> => {
  const results = await Promise.all(
    checks.map(async ({ name, needed, problem }) => ({ name, needed, problem: await answer(name, problem, tools) })),
  );
  return {
    isReady: results.every(({ needed, problem }) => !needed || problem === undefined),
    components: Object.fromEntries(results.map(({ name, problem }) => [name, problem ?? 'ok'])),
  };
};

const answer = async (name: string, problem: Check['problem'], { clock, log }: Tools): Promise<string | undefined> => {
  const answered = new AbortController();
  const late = clock.sleep(ANSWER_WITHIN_MS, answered.signal).then(() => 'does not answer');
  try {
    return await Promise.race([problem(), late]);
  } catch (err) {
    // The reason may name hosts and users, and whoever reaches this listener may read the answer.
    log.warn('health check failed', { component: name, err });
    return 'failed';
  } finally {
    answered.abort();
  }
};
