import { expect } from 'chai';
import type { Json } from '@holm/spec/json';
import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { Rogue } from '../src/rogue.ts';

const federation = '/_matrix/federation';
const enc = encodeURIComponent;
const room = '!room:rogue.test';

describe('what a client hears of the refusal of another server', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let silent: Rogue;
  let alice: Person;
  before(async () => {
    rogue = await Rogue.start('rogue.test', new ManualClock());
    silent = await Rogue.start('silent.test', new ManualClock());
    const strangers = { 'rogue.test': rogue.url, 'silent.test': silent.url };
    network = await TestNetwork.with({ names: ['a.test'], strangers });
    alice = await network.person('alice', 'a.test');
    silent.answers.set(federation, () => ({ status: 500, body: {} }));
  });
  afterEach(() => rogue.answers.clear());
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
    await silent[Symbol.asyncDispose]();
  });

  type Case = readonly [status: number, body: Json, told: readonly [number, string]];

  describe('to let somebody in', () => {
    const cases: readonly Case[] = [
      [400, { errcode: 'M_STRANGE', error: 'why not' }, [400, 'M_STRANGE']],
      [400, { errcode: 'M_INCOMPATIBLE_ROOM_VERSION', room_version: '99' }, [400, 'M_INCOMPATIBLE_ROOM_VERSION']],
      [400, { errcode: 'M_UNABLE_TO_GRANT_JOIN' }, [403, 'M_FORBIDDEN']],
      [400, { errcode: 'M_INVALID_PARAM' }, [502, 'M_UNKNOWN']],
      [400, { errcode: 'M_MISSING_PARAM' }, [502, 'M_UNKNOWN']],
      [400, {}, [502, 'M_UNKNOWN']],
      [403, { errcode: 'M_FORBIDDEN' }, [403, 'M_FORBIDDEN']],
      [403, { errcode: 'M_UNKNOWN_TOKEN' }, [403, 'M_FORBIDDEN']],
      [400, { errcode: 'M_UNKNOWN_TOKEN' }, [400, 'M_FORBIDDEN']],
      [404, { errcode: 'M_NOT_FOUND' }, [404, 'M_NOT_FOUND']],
    ];
    for (const [status, body, told] of cases) {
      it(`is ${told.join(' ')} for ${status} ${JSON.stringify(body)}`, async () => {
        rogue.answers.set(`${federation}/v1/make_`, () => ({ status, body }));
        for (const way of ['join', 'knock']) {
          const answer = await alice.request('POST', `/${way}/${enc(room)}?via=rogue.test`, {});
          expect([answer.status, answer.body.errcode], way).to.eql(told);
        }
      });
    }

    it('is what one of them said clearly, though others do not answer', async () => {
      rogue.answers.set(`${federation}/v1/make_join`, () => ({
        status: 400,
        body: { errcode: 'M_INCOMPATIBLE_ROOM_VERSION', error: 'too new', room_version: '99' },
      }));
      for (const via of ['via=rogue.test&via=silent.test', 'via=silent.test&via=rogue.test']) {
        const { status, body } = await alice.request('POST', `/join/${enc(room)}?${via}`, {});
        expect([status, body.errcode, body.room_version]).to.eql([400, 'M_INCOMPATIBLE_ROOM_VERSION', '99']);
        expect(body.error).to.contain('too new');
      }
    });
  });

  describe('to take an invitation', () => {
    const cases: readonly Case[] = [
      [400, { errcode: 'M_INCOMPATIBLE_ROOM_VERSION', room_version: '12' }, [400, 'M_UNSUPPORTED_ROOM_VERSION']],
      [400, { errcode: 'M_UNSUPPORTED_ROOM_VERSION' }, [400, 'M_UNSUPPORTED_ROOM_VERSION']],
      [400, { errcode: 'M_INVALID_PARAM' }, [502, 'M_UNKNOWN']],
      [403, { errcode: 'M_INVITE_BLOCKED' }, [403, 'M_INVITE_BLOCKED']],
      [403, { errcode: 'M_FORBIDDEN' }, [403, 'M_FORBIDDEN']],
      [404, { errcode: 'M_NOT_FOUND' }, [404, 'M_NOT_FOUND']],
    ];
    for (const [status, body, told] of cases) {
      it(`is ${told.join(' ')} for ${status} ${JSON.stringify(body)}, however it was made`, async () => {
        rogue.answers.set(`${federation}/v2/invite`, () => ({ status, body }));
        const here = `/rooms/${enc(await alice.createRoom())}`;
        const mallory = '@mallory:rogue.test';
        const answers = [
          await alice.request('POST', `${here}/invite`, { user_id: mallory }),
          await alice.request('PUT', `${here}/state/m.room.member/${mallory}`, { membership: 'invite' }),
          await alice.request('POST', '/createRoom', { invite: [mallory] }),
        ];
        for (const answer of answers) expect([answer.status, answer.body.errcode]).to.eql(told);
      });
    }
  });
});
