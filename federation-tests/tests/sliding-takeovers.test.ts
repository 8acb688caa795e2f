import { setImmediate as turn } from 'node:timers/promises';
import type { SlidingRequest } from '@holm/homeserver/features/sync/sliding/request';
import type { SlidingAnswer, SlidingPoll } from '@holm/homeserver/features/sync/sliding/sliding.service';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { allRooms, bodiesOf, Slider } from '../src/sliding.ts';

const POLL_MS = 30_000;

const answerOf = (poll: SlidingPoll): Promise<SlidingAnswer> => {
  const { promise, resolve } = Promise.withResolvers<SlidingAnswer>();
  poll.wait(resolve);
  return promise;
};

describe('connections of sliding sync that are started afresh', () => {
  let network: TestNetwork;
  let alice: Person;
  let room: string;
  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    alice = await network.person('alice', 'a.test');
    room = await alice.createRoom();
  });

  const services = () => network.server('a.test').running.services;

  const ends: Readonly<Record<string, () => Promise<unknown>>> = {
    'by itself': async () => network.clock.advance(POLL_MS),
    'with news': () => alice.say(room, 'news'),
  };
  for (const [how, end] of Object.entries(ends)) {
    it(`go on, whatever became of a request of before that would have ended ${how}`, async () => {
      const slider = new Slider(alice);
      await slider.sync(allRooms());
      await slider.sync(allRooms());
      // So long ago was it written down that it is time again.
      network.clock.advance(60_000);
      const old = slider.request(allRooms(), POLL_MS);
      while (services().syncing.deadlines.size === 0) await turn();
      slider.pos = undefined;
      await slider.sync(allRooms());
      await slider.sync(allRooms());
      await end();
      expect((await old).body.rooms).to.eql({});
      await alice.say(room, 'more');
      expect(bodiesOf((await slider.sync(allRooms())).rooms[room])).to.eql(['more']);
    });
  }

  it('belong to whichever request was the last to start them, and not to that which took the longest', async () => {
    const { syncing, accounts } = services();
    const viewer = await accounts.sessions.authenticate(alice.token);
    const request: SlidingRequest = {
      ...{ viewer, connId: 'twice', pos: undefined, timeoutMs: 0, tellsLists: false },
      ...{ lists: new Map(), subscriptions: new Map(), extensions: { scopes: {} } },
    };
    const [aborted, again] = [await syncing.sliding.begin(request), await syncing.sliding.begin(request)];
    const { pos } = await answerOf(again);
    const lost: unknown = await answerOf(aborted).catch((error: unknown) => error);
    expect(lost).to.include({ errcode: 'M_UNKNOWN_POS' });
    expect(await answerOf(await syncing.sliding.begin({ ...request, pos }))).to.have.property('pos');
  });
});
