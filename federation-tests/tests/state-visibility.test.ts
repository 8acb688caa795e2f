import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import { Rogue } from '../src/rogue.ts';

describe('what other servers learn of a state of long ago', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  before(async () => {
    rogue = await Rogue.start('late.test', new ManualClock());
    network = await TestNetwork.with({ names: ['a.test'], strangers: { 'late.test': rogue.url } });
    rogue.answers.set('/_matrix/federation/v1/send/', () => ({ status: 200, body: { pdus: {} } }));
    alice = await network.person('alice', 'a.test');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  /** Asked for the state at an event from before it came, at its own join, and at an event since. */
  const asked = async (visibility: string, path: 'state' | 'state_ids'): Promise<number[]> => {
    const content = { history_visibility: visibility };
    const initial_state = [{ type: 'm.room.history_visibility', state_key: '', content }];
    const room = await alice.createRoom({ preset: 'public_chat', initial_state });
    const early = await alice.say(room, 'among ourselves');
    const joined = await RogueRoom.join(rogue, network.server('a.test'), room);
    const late = await alice.say(room, 'hello');
    const statuses: number[] = [];
    for (const id of [early, joined.last.eventId, late]) {
      const uri = `/_matrix/federation/v1/${path}/${encodeURIComponent(room)}?event_id=${encodeURIComponent(id)}`;
      statuses.push((await rogue.send(network.server('a.test'), 'GET', uri)).status);
    }
    return statuses;
  };

  for (const path of ['state', 'state_ids'] as const) {
    it(`is nothing by /${path}, where history is for those who were there`, async () => {
      expect(await asked('joined', path)).to.eql([404, 200, 200]);
    });

    it(`is all of it by /${path}, where history is for all who come`, async () => {
      expect(await asked('shared', path)).to.eql([200, 200, 200]);
    });
  }
});
