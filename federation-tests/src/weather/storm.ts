import { setImmediate } from 'node:timers/promises';
import { Dice } from '../dice.ts';
import type { TestNetwork } from '../network.ts';
import { Day } from './day.ts';
import { KINDS } from './kinds.ts';
import type { Sky } from './sky.ts';

const HOUR_MS = 3_600_000;

/** A day on which anything may happen to any request, while servers part, meet again, and are started anew. */
export const stormyDay = async (
  network: TestNetwork,
  sky: Sky,
  { servers, seed, hours }: { readonly servers: readonly string[]; readonly seed: string; readonly hours: number },
): Promise<Day> => {
  const dice = new Dice(`storm ${seed}`);
  const day = new Day({ network, servers, dice, version: dice.of(['6', '10', '11', '12']) });
  await day.begin();
  const kinds = Object.values(KINDS).map((kind) => kind());
  for (let hour = 0; hour < hours; hour++) {
    sky.storm(kinds, dice.of([0, 20, 50, 90]), dice);
    const chance = dice.below(10);
    if (chance < 2) sky.part();
    if (chance > 6) sky.meet();
    if (chance === 5) await restart(sky, dice.of(servers), day);
    for (let i = 0; i < 6; i++) await day.act();
    if (hour % 6 === 0 && chance !== 5) await day.travel();
    await sky.pass(HOUR_MS);
    if (dice.below(2) === 0) await sky.tidy();
  }
  await sky.clear();
  await sky.judgeHeld();
  await day.end();
  await network.settle();
  return day;
};

const restart = async (sky: Sky, server: string, day: Day): Promise<void> => {
  day.log.push(`restart of ${server}`);
  // A stop waits for requests that the weather holds up, by the clock of the test, at each of its stages.
  const up = new AbortController();
  const restarted = sky.restart(server).finally(() => up.abort());
  while (!up.signal.aborted) await Promise.all([sky.pass(HOUR_MS / 60), setImmediate()]);
  await restarted;
};
