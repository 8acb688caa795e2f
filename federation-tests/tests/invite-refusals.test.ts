import { expect } from 'chai';
import type { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { networkWithRogue } from '../src/rogue-network.ts';
import type { Rogue } from '../src/rogue.ts';

describe('invites that the server of the invited does not take', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test']));
    alice = await network.person('alice', 'a.test');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const refusals: readonly (readonly [number, string, readonly [number, string]])[] = [
    [403, 'M_INVITE_BLOCKED', [403, 'M_INVITE_BLOCKED']],
    [403, 'M_FORBIDDEN', [403, 'M_FORBIDDEN']],
    [404, 'M_NOT_FOUND', [404, 'M_NOT_FOUND']],
    [400, 'M_INCOMPATIBLE_ROOM_VERSION', [400, 'M_UNSUPPORTED_ROOM_VERSION']],
    [400, 'M_UNSUPPORTED_ROOM_VERSION', [400, 'M_UNSUPPORTED_ROOM_VERSION']],
  ];
  for (const [status, errcode, told] of refusals) {
    it(`with ${status} ${errcode} are refused with ${told.join(' ')}, however they are made`, async () => {
      rogue.answers.set('/_matrix/federation/', () => ({ status, body: { errcode, error: 'no', room_version: '12' } }));
      const target = '@guest:rogue.test';
      const room = pathOf(await alice.createRoom());
      const answers = [
        await alice.request('POST', `${room}/invite`, { user_id: target }),
        await alice.request('PUT', `${room}/state/m.room.member/${target}`, { membership: 'invite' }),
        await alice.request('POST', '/createRoom', { invite: [target] }),
      ];
      for (const answer of answers) expect([answer.status, answer.body.errcode]).to.deep.equal(told);
    });
  }
});
