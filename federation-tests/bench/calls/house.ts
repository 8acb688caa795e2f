// A homeserver with one media worker, as a process of its own, and the tokens with which people come to its calls.
import { CallHouse } from '../../src/call-house.ts';

const PEOPLE = 600;

const house = await CallHouse.open({
  workers: 1,
  config: {
    limits: {
      participants: PEOPLE,
      participants_of_user: 2 * PEOPLE,
      streams_per_worker: 1_000_000,
    },
  },
});
const person = await house.guest('someone');
const tokensOf = (call: string): string[] =>
  Array.from({ length: PEOPLE }, (_, index) => house.tokenFor(person, call, { identity: `${call}${index}` }));

process.once('disconnect', () => void house[Symbol.asyncDispose]().finally(() => process.exit(0)));
process.send?.({
  url: house.signallingUrl,
  workerPid: house.calls.workerPids[0],
  large: tokensOf('large'),
  fifty: tokensOf('fifty'),
});
