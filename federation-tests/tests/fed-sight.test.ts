import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import type { Json } from '@holm/spec/json';
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import { Rogue } from '../src/rogue.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const enc = encodeURIComponent;
const SECRET = 'nobody else may read this';
const NAME = 'A name that nobody else may know';

/** What is asked about the event `id`, and what of the answer is told of it. */
interface Operation {
  readonly method?: 'POST';
  path(room: string, id: string, at: number): string;
  body?(id: string): Json;
}

/** `next` is the event after the one that is asked about. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  event: { path: (_, id) => `/event/${enc(id)}` },
  state: { path: (room, id) => `/state/${enc(room)}?event_id=${enc(id)}` },
  state_ids: { path: (room, id) => `/state_ids/${enc(room)}?event_id=${enc(id)}` },
  event_auth: { path: (room, id) => `/event_auth/${enc(room)}/${enc(id)}` },
  backfill: { path: (room, id) => `/backfill/${enc(room)}?v=${enc(id)}&limit=1` },
  get_missing_events: {
    method: 'POST',
    path: (room) => `/get_missing_events/${enc(room)}`,
    body: (next) => ({ latest_events: [next], earliest_events: [], limit: 1 }),
  },
  timestamp_to_event: { path: (room, _, at) => `/timestamp_to_event/${enc(room)}?ts=${at}&dir=f` },
};

type Outcome = 'told' | 'redacted' | 'another' | 'nothing' | '403 M_FORBIDDEN' | '404 M_NOT_FOUND';
type Outcomes = readonly Outcome[];

const all = (outcome: Outcome): Outcomes => Object.keys(OPERATIONS).map(() => outcome);
const SEEN = all('told');
const FORBIDDEN = all('403 M_FORBIDDEN');
/** How events follow each other is not secret, and whose they are; what is in them is. */
const HIDDEN: Outcomes = [
  '404 M_NOT_FOUND', '404 M_NOT_FOUND', '404 M_NOT_FOUND', 'redacted', 'redacted', 'redacted', 'another',
]; // prettier-ignore
const OF_ANOTHER_ROOM: Outcomes = [
  'told', '404 M_NOT_FOUND', '404 M_NOT_FOUND', '404 M_NOT_FOUND', 'nothing', 'nothing', '404 M_NOT_FOUND',
]; // prettier-ignore

/** What servers are told of an event of a room, in every operation that tells of events. */
describe('what servers may see', () => {
  const clock = new ManualClock();
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  before(async () => {
    rogue = await Rogue.start('rogue.test', clock);
    rogue.answers.set('/_matrix/federation/v1/send/', () => ({ status: 200, body: { pdus: {} } }));
    rogue.answers.set('/_matrix/federation/v2/invite/', (_, sent) => {
      const { event } = sent as { event: any };
      return { status: 200, body: { event } };
    });
    network = await TestNetwork.with({ names: ['a.test'], strangers: { 'rogue.test': rogue.url } });
    alice = await network.person('alice', 'a.test');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const server = () => network.server('a.test');
  const mallory = '@mallory:rogue.test';
  const ask = (method: string, path: string, body?: Json) =>
    rogue.send(server(), method, `/_matrix/federation/v1${path}`, body);

  interface Scene {
    readonly room: string;
    readonly secret: string;
    readonly next: string;
    readonly at: number;
  }

  const roomOf = (visibility: string): Promise<string> =>
    alice.createRoom({
      preset: 'public_chat',
      initial_state: [
        { type: 'm.room.history_visibility', state_key: '', content: { history_visibility: visibility } },
      ],
    });
  const come = (room: string): Promise<RogueRoom> => RogueRoom.join(rogue, server(), room);
  /** Alice says who she is and what she thinks, and takes the first of these back for those who come later. */
  const tell = async (room: string): Promise<Scene> => {
    const member = (content: object) =>
      alice.setState(room, ['m.room.member', alice.userId], { membership: 'join', ...content });
    await member({ displayname: NAME });
    network.clock.advance(1000);
    const at = network.clock.now();
    const secret = await alice.say(room, SECRET);
    network.clock.advance(1000);
    const next = await member({});
    return { room, secret, next, at };
  };
  const leave = async (inside: RogueRoom): Promise<void> => {
    const event = inside.event({
      type: 'm.room.member',
      stateKey: inside.user,
      content: { membership: 'leave' },
      sentAt: network.clock.now(),
    });
    const { status } = await rogue.send(
      server(),
      'PUT',
      `/_matrix/federation/v2/send_leave/${enc(inside.roomId)}/${enc(event.eventId)}`,
      event.pdu,
    );
    expect(status).to.equal(200);
  };

  const outcomeOf = async (
    { method = 'GET', path, body }: any,
    { room, secret, next, at }: Scene,
  ): Promise<Outcome> => {
    const answer = await ask(method, path(room, secret, at), body?.(next));
    if (answer.status !== 200) return `${answer.status} ${answer.body.errcode}` as Outcome;
    if ('event_id' in answer.body) return answer.body.event_id === secret ? 'told' : 'another';
    if ('pdu_ids' in answer.body) return answer.body.pdu_ids.length > 0 ? 'told' : 'nothing';
    const events: any[] = answer.body.pdus ?? answer.body.events ?? answer.body.auth_chain;
    if (events.length === 0) return 'nothing';
    const text = JSON.stringify(answer.body);
    return text.includes(SECRET) || text.includes(NAME) ? 'told' : 'redacted';
  };

  const scenes: readonly (readonly [string, () => Promise<Scene>, Outcomes])[] = [
    ['from before it came, where history is shared with who comes', async () => {
      const scene = await tell(await roomOf('shared'));
      await come(scene.room);
      return scene;
    }, SEEN],
    ['from before it came, where the world may read', async () => {
      const scene = await tell(await roomOf('world_readable'));
      await come(scene.room);
      return scene;
    }, SEEN],
    ['from before it came, where history is for those who were there', async () => {
      const scene = await tell(await roomOf('joined'));
      await come(scene.room);
      return scene;
    }, HIDDEN],
    ['from before it came, where history is for those who were invited', async () => {
      const scene = await tell(await roomOf('invited'));
      await come(scene.room);
      return scene;
    }, HIDDEN],
    ['from when one of its users was invited', async () => {
      const room = await roomOf('invited');
      await alice.ask('POST', `/rooms/${enc(room)}/invite`, { user_id: mallory });
      const scene = await tell(room);
      await come(room);
      return scene;
    }, SEEN],
    ['from when one of its users was invited, where that is not enough', async () => {
      const room = await roomOf('joined');
      await alice.ask('POST', `/rooms/${enc(room)}/invite`, { user_id: mallory });
      const scene = await tell(room);
      await come(room);
      return scene;
    }, HIDDEN],
    ['from when it was in the room, where history is for those who were there', async () => {
      const room = await roomOf('joined');
      await come(room);
      return tell(room);
    }, SEEN],
    ['from between its leaving and its coming back', async () => {
      const room = await roomOf('joined');
      await leave(await come(room));
      const scene = await tell(room);
      await come(room);
      return scene;
    }, HIDDEN],
    ['from when it was there, after it has left', async () => {
      const room = await roomOf('shared');
      const inside = await come(room);
      const scene = await tell(room);
      await leave(inside);
      return scene;
    }, FORBIDDEN],
    ['of a room that it was never in, although the world may read it', async () => tell(await roomOf('world_readable')), FORBIDDEN],
    ['of a room whose only user of its own is invited', async () => {
      const room = await roomOf('invited');
      await alice.ask('POST', `/rooms/${enc(room)}/invite`, { user_id: mallory });
      return tell(room);
    }, FORBIDDEN],
    ['of a room that denies it', async () => {
      const room = await roomOf('shared');
      await come(room);
      const scene = await tell(room);
      await alice.setState(room, ['m.room.server_acl', ''], { allow: ['*'], deny: ['ROGUE.*'] });
      return scene;
    }, FORBIDDEN],
    ['of one room, when it asks about another', async () => {
      const [room, other] = [await roomOf('shared'), await roomOf('shared')];
      await come(room);
      await come(other);
      const scene = await tell(room);
      return { ...scene, room: other };
    }, OF_ANOTHER_ROOM],
  ]; // prettier-ignore

  for (const [what, scene, expected] of scenes) {
    it(`of an event ${what}`, async () => {
      const set = await scene();
      const outcomes: Record<string, Outcome> = {};
      for (const [name, operation] of Object.entries(OPERATIONS)) outcomes[name] = await outcomeOf(operation, set);
      const names = Object.keys(OPERATIONS);
      expect(outcomes).to.eql(Object.fromEntries(names.map((name, index) => [name, expected[index]])));
    });
  }

  it('of an event that broke the rules is nothing', async () => {
    const room = await roomOf('shared');
    const inside = await come(room);
    const forbidden = inside.event({ type: 'm.room.name', stateKey: '', content: { name: SECRET } });
    await inside.push(forbidden);
    const scene = { room, secret: forbidden.eventId, next: forbidden.eventId, at: network.clock.now() };
    for (const name of ['event', 'state', 'state_ids', 'backfill']) {
      const outcome = await outcomeOf(OPERATIONS[name], scene);
      expect(outcome, name).to.equal(name === 'backfill' ? 'nothing' : '404 M_NOT_FOUND');
    }
  });
});
