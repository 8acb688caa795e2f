import type { Event } from '@holm/homeserver/core/events/event';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { Dice } from '../src/dice.ts';
import { garbled, mutated } from '../src/mutations.ts';
import type { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { resealed, RogueRoom } from '../src/rogue-room.ts';
import type { Rogue } from '../src/rogue.ts';
import { networkWithRogue } from '../src/rogue-network.ts';

/** `HOLM_TEST_FUZZ=1000` takes so many transactions of each kind for each version; seeds are numbers from 0. */
const COUNT = Number(process.env['HOLM_TEST_FUZZ'] ?? 25);
const FIRST = Number(process.env['HOLM_TEST_FUZZ_FIRST'] ?? 0);
const PER_TRANSACTION = 10;
/** Very generous: what it must not be is the time that all the nonsense takes together. */
const STILL_RESPONSIVE_MS = 2_000;

describe('events that have been tampered with at random', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let owner: Person;
  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test']));
    owner = await network.person('owner', 'a.test');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const enter = async (version: string): Promise<RogueRoom> => {
    const room = await owner.createRoom({ preset: 'public_chat', room_version: version });
    return RogueRoom.join(rogue, network.server('a.test'), room);
  };

  /** Everything that the rogue must not be able to change. */
  const fixed = async ({ roomId, user }: RogueRoom) => {
    const { [`m.room.member ${user}`]: _, ...state } = await owner.state(roomId);
    const byOthers = (await owner.history(roomId)).filter(({ sender }) => sender !== user);
    return { state, byOthers: byOthers.map(({ event_id: id }) => id as string) };
  };

  const templates = (room: RogueRoom): Event[] => [
    room.event(),
    room.event({ type: 'm.room.topic', stateKey: '', content: { topic: 'mine' } }),
    room.event({ type: 'm.room.member', stateKey: room.user, content: { membership: 'join', displayname: 'M' } }),
    room.event({ type: 'm.room.redaction', content: { redacts: room.last.eventId }, redacts: room.last.eventId }),
    room.event({ type: 'm.room.power_levels', stateKey: '', content: { users: { [room.user]: 100 } } }),
  ];

  /** A PDU as it came out, hashed and signed anew, or only signed. */
  const sealed = (room: RogueRoom, pdu: JsonObject, dice: Dice): JsonObject => {
    if (dice.below(4) === 0) return pdu;
    try {
      return resealed(pdu, {}, { version: room.version, signer: rogue.signer });
    } catch {
      return pdu; // There are changes after which it cannot be signed any more.
    }
  };

  const transaction = (room: RogueRoom, dice: Dice): string => {
    const pdus = Array.from({ length: PER_TRANSACTION }, () =>
      sealed(room, mutated(dice.of(templates(room)).pdu, dice), dice),
    );
    // Not canonically: that would refuse half of it.
    return JSON.stringify({ origin: rogue.name, origin_server_ts: 1, pdus });
  };

  for (const version of ['1', '3', '6', '10', '11', '12']) {
    for (const kind of ['events', 'texts'] as const) {
      it(`neither break anything nor get in, in version ${version} (${kind})`, async function () {
        this.timeout(20_000 + COUNT * 2_000);
        const room = await enter(version);
        const bystander = await owner.createRoom();
        const before = await fixed(room);
        for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
          const dice = new Dice(`${version} ${kind} ${seed}`);
          const text = transaction(room, dice);
          const body = kind === 'events' ? text : garbled(text, dice);
          const uri = `/_matrix/federation/v1/send/fuzz${version}${kind}${seed}`;
          const push = rogue.sendText(network.server('a.test'), 'PUT', uri, body);
          const asked = performance.now();
          await owner.say(bystander, `seed ${seed}`);
          expect([seed, performance.now() - asked < STILL_RESPONSIVE_MS]).to.deep.equal([seed, true]);
          const { status } = await push;
          expect([seed, kind === 'events' ? status : [200, 400, 413].includes(status)]).to.deep.equal([
            seed,
            kind === 'events' ? 200 : true,
          ]);
          expect([seed, network.server('a.test').errors]).to.deep.equal([seed, []]);
          expect([seed, await fixed(room)]).to.deep.equal([seed, before]);
        }
        const honest = room.event();
        expect((await room.push(honest)).body.pdus[honest.eventId]).to.deep.equal({});
        expect((await owner.event(room.roomId, honest.eventId)).status).to.equal(200);
      });
    }
  }
});
