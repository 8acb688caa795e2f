import { setImmediate } from 'node:timers/promises';
import type { TestNetwork } from './network.ts';
import type { Person } from './people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
/** After which what has changed is told on its own server. */
export const ROUND = 5 * SECOND;

export const statusOf = (person: Person): string => `/presence/${encodeURIComponent(person.userId)}/status`;
export const say = (person: Person, body: object) => person.request('PUT', statusOf(person), body);

/** Syncs as somebody who is not seen doing it, unless something else is said. */
export const sync = async (person: Person, { said = 'offline', timeout = 0 } = {}): Promise<any> => {
  const since = person.view.since === undefined ? '' : `&since=${encodeURIComponent(person.view.since)}`;
  const answer = await person.ask('GET', `/sync?timeout=${timeout}&set_presence=${said}${since}`);
  person.view.since = answer.next_batch;
  return answer;
};

/** What a person's next sync says of others: by user, leaving out themselves. */
export const told = async (person: Person): Promise<Record<string, any>> => {
  const { presence } = await sync(person);
  const others = (presence?.events ?? []).filter(({ sender }: any) => sender !== person.userId);
  return Object.fromEntries(others.map(({ sender, content }: any) => [sender, content]));
};

export const letPass = async (network: TestNetwork, ms: number): Promise<void> => {
  network.clock.advance(ms);
  // Whoever has slept is awake by then, and has begun what is to be waited for.
  await setImmediate();
  await network.settle();
};

/** Two on one server and one on another, who have heard all that there was to hear. */
export const threeWhoShareARoom = async (network: TestNetwork) => {
  const [alice, carol, bob] = await Promise.all([
    network.person('alice', 'a.test'),
    network.person('carol', 'a.test'),
    network.person('bob', 'b.test'),
  ]);
  const room = await alice.createRoom();
  await Promise.all([carol.join(room), bob.join(room, ['a.test'])]);
  await network.settle();
  for (const person of [alice, carol, bob]) await sync(person);
  for (let n = 0; n < 3; n++) await letPass(network, ROUND);
  for (const person of [alice, carol, bob]) await sync(person);
  return { alice, bob, carol, room };
};
