import { expect } from 'chai';
import { Dice } from '../src/dice.ts';
import { seeds } from '../src/seeds.ts';
import { asked, happen, keepTyping, SlidingClient } from '../src/sliding-client.ts';
import { Slider, stableBody, unstableAnswer, withExtensions } from '../src/sliding.ts';
import { SocketScene } from '../src/socket-scene.ts';
import { type TestFollow, TestSocket } from '../src/socket.ts';
import { View } from '../src/view.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const WALKS = 5;
const STEPS = 50;
const ROOMS = 3;
const MEMBERS_ONLY = [{ type: 'm.room.history_visibility', state_key: '', content: { history_visibility: 'joined' } }];

const readIn = (content: object): (readonly [string, string])[] =>
  Object.entries<any>(content).flatMap(([event, byType]) =>
    Object.keys(byType['m.read'] ?? {}).map((user) => [event, user] as const),
  );

/** What `/v3/sync` says beside timelines and state. */
class Facts {
  readonly known = new Map<string, string>();

  take({ account_data: settings, rooms = {} }: any): void {
    for (const { type, content } of settings?.events ?? []) this.known.set(type, JSON.stringify(content));
    for (const room of Object.keys(rooms.leave ?? {})) {
      for (const key of [...this.known.keys()]) if (key.startsWith(room)) this.known.delete(key);
    }
    for (const [id, room] of Object.entries<any>(rooms.join ?? {})) {
      const { unread_notifications: unread, account_data: data, ephemeral } = room;
      if (unread) this.known.set(`${id} unread`, JSON.stringify(unread));
      for (const { type, content } of data?.events ?? []) this.known.set(`${id} ${type}`, JSON.stringify(content));
      for (const { content } of (ephemeral?.events ?? []).filter(({ type }: any) => type === 'm.receipt')) {
        for (const [event, user] of readIn(content)) this.known.set(`${id} read by ${user}`, event);
      }
      for (const { content } of (ephemeral?.events ?? []).filter(({ type }: any) => type === 'm.typing')) {
        keepTyping(this.known, `${id} typing`, content);
      }
    }
  }
}

const filterOf = (limit: number) => JSON.stringify({ room: { timeline: { limit } } });

/** A client of one dialect, which can go on over a socket or over HTTP. */
interface Door {
  /** Opens a follow from where the client is. */
  readonly follow: (socket: TestSocket, pos: string | undefined) => TestFollow;
  /** Asks once over HTTP, from there. */
  readonly ask: (pos: string | undefined) => Promise<{ readonly pos: string; readonly body: any }>;
  readonly hear: (body: any) => void;
  /** Throws if it has not what a client has that has just begun. */
  readonly compare: (pos: string | undefined) => Promise<void>;
  /** Whether the account data that is written last is in this. */
  readonly isEnd: (body: any) => boolean;
}

describe('what is pushed over WebSockets that break', () => {
  let scene: SocketScene;
  before(async () => (scene = await SocketScene.start()));
  after(() => scene[Symbol.asyncDispose]());

  const classic = (dice: Dice, seed: string): Door => {
    const { bob } = scene;
    const view = new View(bob);
    const facts = new Facts();
    return {
      follow: (socket, pos) =>
        socket.follow('v3', { query: { filter: filterOf(dice.of([1, 3, 20])) }, ...(pos !== undefined && { pos }) }),
      ask: async (pos) => {
        const body = await bob.ask('GET', `/sync?timeout=0${pos === undefined ? '' : `&since=${pos}`}`);
        return { pos: body.next_batch, body };
      },
      hear: (body) => {
        view.take(body);
        facts.take(body);
      },
      isEnd: (body) => (body.account_data?.events ?? []).some(({ type }: any) => type === 'org.example.end'),
      async compare() {
        const fresh = new View(bob);
        const first = await bob.ask('GET', `/sync?filter=${encodeURIComponent(filterOf(100))}`);
        fresh.take(first);
        const freshFacts = new Facts();
        freshFacts.take(first);
        expect([...facts.known].sort(), seed).to.eql([...freshFacts.known].sort());
        expect([...view.joined.keys()].sort(), seed).to.eql([...fresh.joined.keys()].sort());
        for (const [room, { state, timeline }] of fresh.joined) {
          const told = view.joined.get(room)!;
          expect([...told.state].sort(), seed).to.eql([...state].sort());
          const ids = told.timeline.map(({ event_id: id }) => id);
          expect(ids, seed).to.eql(ids.length === 0 ? [] : timeline.map(({ event_id: id }) => id).slice(-ids.length));
        }
      },
    };
  };

  const slidingIn =
    (dialect: 'unstable' | 'v4') =>
    (dice: Dice, seed: string): Door => {
      const { bob } = scene;
      const client = new SlidingClient();
      const slider = new Slider(bob, 'walk', dialect);
      const isStable = dialect === 'v4';
      const wish = () => asked(dice.of([1, ROOMS]), dice.of([1, 3, 20]), undefined);
      const all = asked(ROOMS, 50, undefined);
      return {
        follow: (socket, pos) =>
          socket.follow(isStable ? 'v4' : 'simplified_msc3575', {
            body: { conn_id: 'walk', ...(isStable ? stableBody(wish()) : wish()) },
            ...(pos !== undefined && { pos }),
          }),
        ask: async (pos) => {
          slider.pos = pos;
          const body = await slider.sync(wish());
          return { pos: body.pos, body };
        },
        hear: (body) => client.hear(withExtensions(isStable ? unstableAnswer(body) : body)),
        isEnd: (body) =>
          (body.extensions.account_data?.global ?? []).some(({ type }: any) => type === 'org.example.end'),
        async compare(pos) {
          slider.pos = pos;
          // Whatever was out of range is told now.
          client.hear(await slider.sync(all));
          const fresh = new SlidingClient();
          fresh.hear(await new Slider(bob, 'fresh', dialect).sync(all));
          client.assertLike(fresh, seed);
        },
      };
    };

  const walk = async (seed: string, doorOf: typeof classic): Promise<void> => {
    await scene.refresh();
    const { alice, bob, network } = scene;
    const dice = new Dice(seed);
    const door = doorOf(dice, seed);
    const create = () => alice.createRoom({ preset: 'public_chat', initial_state: MEMBERS_ONLY });
    const rooms = await Promise.all(Array.from({ length: ROOMS }, create));
    const isIn = new Set<string>();
    /** What was said where bob was not. */
    const hidden: string[] = [];
    let pos: string | undefined;
    let socket: TestSocket;
    let follow: TestFollow;
    const sockets: TestSocket[] = [];

    const connect = async (): Promise<void> => {
      socket = await TestSocket.open(bob);
      sockets.push(socket);
      follow = door.follow(socket, pos);
    };
    const hear = (body: any): void => {
      for (const text of hidden) expect(JSON.stringify(body), seed).to.not.include(text);
      door.hear(body);
    };
    const take = async (): Promise<any> => {
      const body = await follow.update();
      hear(body);
      pos = follow.pos;
      return body;
    };
    const breaks: Readonly<Record<string, () => Promise<void>>> = {
      kill: async () => {
        socket.kill();
      },
      'lose the update': async () => {
        await bob.ask('PUT', `/user/${bob.userId}/account_data/org.example.nudge`, { n: dice.below(1e9) });
        await follow.update();
        socket.kill();
      },
      'lose the acknowledgement': async () => {
        await bob.ask('PUT', `/user/${bob.userId}/account_data/org.example.nudge`, { n: dice.below(1e9) });
        await take();
        socket.kill();
      },
      'go on over HTTP': async () => {
        follow.end();
        const answer = await door.ask(pos);
        hear(answer.body);
        pos = answer.pos;
        socket.kill();
      },
      'lose an answer over HTTP': async () => {
        socket.kill();
        await door.ask(pos);
      },
      'be away': () => network.lull(),
      restart: async () => {
        await network.stop('a.test');
        await network.start('a.test');
      },
    };

    await connect();
    await take();
    follow!.ack();
    for (let n = 0; n < STEPS; n++) {
      const kind = dice.below(10);
      const room = dice.of(rooms);
      if (kind < 5) await happen(dice, room, { network, alice, bob, isIn });
      else if (kind === 5 && !isIn.has(room)) {
        const text = `not for bob ${dice.below(1e9)}`;
        hidden.push(text);
        await alice.say(room, text);
      } else if (kind < 9) {
        await bob.ask('PUT', `/user/${bob.userId}/account_data/org.example.nudge`, { n: dice.below(1e9) });
        await take();
        follow!.ack();
      } else {
        await breaks[dice.of(Object.keys(breaks))]!();
        await connect();
      }
    }
    // Whoever has left has stopped typing, a moment later.
    await network.settle();
    await bob.ask('PUT', `/user/${bob.userId}/account_data/org.example.end`, { n: 1 });
    for (let isOver = false; !isOver;) {
      isOver = door.isEnd(await take());
      follow!.ack();
    }
    await Promise.all(sockets.map((one) => one.close()));
    await door.compare(pos);
  };

  for (const [name, doorOf] of [
    ['v3', classic],
    ['sliding sync', slidingIn('unstable')],
    ['v4', slidingIn('v4')],
  ] as const) {
    for (const n of seeds(WALKS)) {
      it(`adds up to what a fresh sync tells, and to nothing that is not to be seen (${name}, ${n})`, async function () {
        this.timeout(60_000);
        await walk(`${name} ${n}`, doorOf);
      });
    }
  }
});
