import { canonicalJson } from '@holm/homeserver/core/json/canonical';
import type { Event } from '@holm/homeserver/core/events/event';
import { EventId, UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import type { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { resealed, RogueRoom } from '../src/rogue-room.ts';
import type { Rogue } from '../src/rogue.ts';
import { networkWithRogue } from '../src/rogue-network.ts';

const VERSIONS = ['1', '3', '6', '10', '11', '12'];
const federation = '/_matrix/federation/v1';
/** Very generous: what it must not be is the time that all the nonsense takes together. */
const STILL_RESPONSIVE_MS = 2_000;

/** What a server may say when it is asked for what an event of its own rests on. */
interface Poison {
  readonly missing?: readonly Json[];
  readonly chain?: readonly Json[];
  readonly state?: readonly Json[];
  readonly event?: Json | undefined;
  /** Said to everything, instead of all of those. */
  readonly all?: { readonly status: number; readonly body: Json };
}

describe('a server that answers what it likes', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let owner: Person;
  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test']));
    owner = await network.person('owner', 'a.test');
  });
  const listen = () => rogue.answers.set(`${federation}/send/`, () => ({ status: 200, body: { pdus: {} } }));
  beforeEach(listen);
  afterEach(() => rogue.answers.clear());
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const enter = async (version: string): Promise<RogueRoom> => {
    const room = await owner.createRoom({ preset: 'public_chat', room_version: version });
    return RogueRoom.join(rogue, network.server('a.test'), room);
  };

  const say = ({ missing = [], chain = [], state = [], event, all }: Poison): void => {
    const ids = (pdus: readonly Json[]) => pdus.flatMap((pdu) => idsOf.get(pdu) ?? []);
    const answers: Readonly<Record<string, Json>> = {
      get_missing_events: { events: missing },
      event_auth: { auth_chain: chain },
      state_ids: { pdu_ids: ids(state), auth_chain_ids: ids(chain) },
      'state/': { pdus: state, auth_chain: chain },
      'event/': { origin: rogue.name, origin_server_ts: 1, pdus: event === undefined ? [] : [event] },
    };
    for (const [name, body] of Object.entries(answers)) {
      rogue.answers.set(`${federation}/${name}`, () => all ?? { status: 200, body });
    }
  };
  /** The ids of what it makes up, so that it can name them. */
  const idsOf = new Map<Json, EventId>();
  const pduOf = (event: Event): Json => {
    idsOf.set(event.pdu, event.eventId);
    return event.pdu;
  };

  /** Power levels that put the rogue above all: nobody has allowed them. */
  const coup = (room: RogueRoom): Event =>
    room.event({ type: 'm.room.power_levels', stateKey: '', content: { users: { [room.user]: 100 } } });
  const ghost = (n: number | string): EventId => EventId.parse(`$ghost${n}:rogue.test`);
  /** Two events that follow each other. Only where servers choose the ids can there be such. */
  const circle = (room: RogueRoom, of: 'prevEvents' | 'authEvents'): Event[] => {
    if (room.version.eventIds !== 'supplied') return [];
    const [one, other] = [ghost(`${of}1`), ghost(`${of}2`)];
    return [
      room.event({ eventId: one, [of]: [other] }),
      room.event({ eventId: other, [of]: [one] }),
      room.event({ eventId: ghost(`${of}3`), [of]: [ghost(`${of}3`)] }),
    ];
  };
  const authority = (room: RogueRoom): Json[] => room.authEvents.map(pduOf);

  const table: [what: string, poison: (room: RogueRoom, other: RogueRoom) => Poison][] = [
    ['nothing', () => ({})],
    ['that it is broken', () => ({ all: { status: 500, body: {} } })],
    ['that it knows nothing', () => ({ all: { status: 404, body: { errcode: 'M_NOT_FOUND' } } })],
    ['what makes no sense', () => ({ all: { status: 200, body: ['x', null, {}] } })],
    ['lists of what is no event', () => {
      const junk = [null, 7, 'x', [], {}, { type: 'm.room.create' }, { room_id: '!x' }];
      return { missing: junk, chain: junk, state: junk, event: {} };
    }],
    ['a thousand events that nobody asked for', (room) => {
      const many = Array.from({ length: 1_000 }, (_, n) => pduOf(room.event({ prevEvents: [ghost(n)] })));
      return { missing: many, chain: many, state: many };
    }],
    ['events that follow each other in a circle', (room) => {
      const pdus = [...circle(room, 'prevEvents'), ...circle(room, 'authEvents')].map(pduOf);
      return { missing: pdus, chain: pdus, state: [...authority(room), ...pdus] };
    }],
    ['events of another room', (room, other) => {
      const pdus = [...authority(other), pduOf(other.event())];
      return { missing: pdus, chain: pdus, state: pdus, event: pdus[0] };
    }],
    ['a chain of authority that makes it mighty', (room) => ({ chain: [...authority(room), pduOf(coup(room))] })],
    ['a state that makes it mighty', (room) => ({
      state: [...authority(room).filter((pdu) => (pdu as JsonObject)['type'] !== 'm.room.power_levels'), pduOf(coup(room))],
      chain: authority(room),
    })],
    ['a state without a beginning', (room) => ({ state: authority(room).slice(1) })],
    ['a state with everything twice', (room) => ({ state: [...authority(room), ...authority(room), pduOf(coup(room)), pduOf(coup(room))] })],
    ['a state founded anew by itself', (room) => {
      const create = room.event({ type: 'm.room.create', stateKey: '', content: { creator: room.user, room_version: room.version.id }, prevEvents: [], authEvents: [] });
      return { state: [pduOf(create)], chain: [pduOf(create)] };
    }],
    ['events in the name of others', (room) => {
      const forged = room.event({ sender: UserId.parse(owner.userId), type: 'm.room.power_levels', stateKey: '', content: { users: { [room.user]: 100 } } });
      return { missing: [pduOf(forged)], chain: [pduOf(forged)], state: [...authority(room), pduOf(forged)], event: pduOf(forged) };
    }],
    ['endless ancestors', (room) => {
      const chain: Json[] = [];
      for (let n = 0; n < 300; n++) chain.push(pduOf(room.event({ prevEvents: [ghost(`endless${n}`)], depth: 2 ** 40 - n })));
      return { missing: chain };
    }],
  ]; // prettier-ignore

  /** Everything of the room that is not the rogue's own to change. */
  const fixed = async ({ roomId, user }: RogueRoom) => {
    const { [`m.room.member ${user}`]: _, ...state } = await owner.state(roomId);
    return state;
  };

  const pushed = (room: RogueRoom): Event[] => {
    const takeover = coup(room);
    const levelsLeftOut = room.authEvents.filter(({ type }) => type !== 'm.room.power_levels' && type !== 'm.room.join_rules');
    const topic = { type: 'm.room.topic', stateKey: '', content: { topic: 'mine' } };
    return [
      room.event({ ...topic, prevEvents: [ghost(0)] }),
      room.event({ ...topic, prevEvents: [takeover.eventId] }),
      room.event({ ...topic, authEvents: [...levelsLeftOut, takeover].map(({ eventId }) => eventId) }),
      room.event({ ...topic, prevEvents: [room.last.eventId, ghost(1)], authEvents: [ghost(2)] }),
      room.event({ ...topic, prevEvents: Array.from({ length: 20 }, (_, n) => ghost(n)) }),
    ];
  }; // prettier-ignore

  for (const version of VERSIONS) {
    it(`gets nothing in, and holds nobody up, in version ${version}`, async function () {
      this.timeout(90_000);
      const [room, other] = [await enter(version), await enter(version)];
      const bystander = await owner.createRoom();
      const before = await fixed(room);
      for (const [what, poison] of table) {
        say(poison(room, other));
        const push = room.push(...pushed(room));
        const asked = performance.now();
        await owner.say(bystander, what);
        expect([what, performance.now() - asked < STILL_RESPONSIVE_MS]).to.deep.equal([what, true]);
        expect([what, (await push).status]).to.deep.equal([what, 200]);
        expect([what, await fixed(room)]).to.deep.equal([what, before]);
        expect([what, network.server('a.test').errors]).to.deep.equal([what, []]);
        // It was reached, so that it is asked again next time.
        network.clock.advance(60_000);
        await owner.say(room.roomId, `after ${what}`);
        await network.settle();
      }
      const honest = room.event();
      expect((await room.push(honest)).body.pdus[honest.eventId]).to.deep.equal({});
    });

    it(`may fill an event to the last byte, and no further, in version ${version}`, async () => {
      const room = await enter(version);
      const sized = (bytes: number): JsonObject => {
        const make = (filling: number) =>
          resealed(room.event().pdu, { content: { body: 'x'.repeat(filling) } }, { version: room.version, signer: rogue.signer });
        const bare = Buffer.byteLength(canonicalJson(make(0), 'lenient'));
        return make(bytes - bare);
      }; // prettier-ignore
      for (const [bytes, shown] of [
        [65_536, 1],
        [65_537, 1],
      ] as const) {
        const pdu = sized(bytes);
        expect(Buffer.byteLength(canonicalJson(pdu, 'lenient'))).to.equal(bytes);
        expect((await room.push(pdu)).status).to.equal(200);
        const said = (await owner.history(room.roomId)).filter(({ type }) => type === 'm.room.message');
        expect([bytes, said.length]).to.deep.equal([bytes, shown]);
      }
    });

    it(`cannot tell two servers different things by one id, in version ${version}`, async () => {
      const room = await enter(version);
      const first = room.event({ content: { msgtype: 'm.text', body: 'one thing' } });
      const named = room.version.eventIds === 'supplied' ? { eventId: first.eventId } : {};
      const second = room.event({ content: { msgtype: 'm.text', body: 'another thing' }, ...named });
      await room.push(first, second);
      await room.push(second, first);
      // The content of the second one, under the hashes and signatures of the first.
      await room.push({ ...first.pdu, content: second.pdu.content });
      const said = (await owner.history(room.roomId)).filter(({ type }) => type === 'm.room.message');
      const texts = said.map(({ event_id: id, content }) => [id as string, content.body as string]);
      const expected =
        room.version.eventIds === 'supplied'
          ? 1 // Whichever came first under that id.
          : 2;
      expect(texts.length).to.equal(expected);
      expect(new Set(texts.map(([id]) => id)).size).to.equal(expected);
    });
  }
});
