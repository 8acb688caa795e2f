import { expect } from 'chai';
import { pathOf, type Person } from '../src/people.ts';
import { Cast, inEachRoom } from './cast.ts';
import { eventually, SIDES } from './pair.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const statusOf = (person: Person): string => `/presence/${encodeURIComponent(person.userId)}/status`;

/** The newest that a person has been told by syncing, of one kind. */
class Heard {
  readonly #person: Person;
  readonly #presence = new Map<string, any>();
  readonly #ephemeral = new Map<string, any[]>();

  constructor(person: Person) {
    this.#person = person;
  }

  /** Syncs until an `m.presence` event of somebody is as it is asserted to be. */
  presence(of: Person, assert: (content: any) => void): Promise<void> {
    return eventually(async () => {
      await this.#sync();
      assert(this.#presence.get(of.userId));
    });
  }

  /** Syncs until what is heard in a room is as it is asserted to be: the contents, in their order. */
  inRoom(room: string, type: string, assert: (contents: readonly any[]) => void): Promise<void> {
    return eventually(async () => {
      await this.#sync();
      assert(this.#ephemeral.get(`${room} ${type}`) ?? []);
    });
  }

  async #sync(): Promise<void> {
    const { presence, rooms } = await this.#person.view.sync();
    for (const { sender, content } of presence?.events ?? []) this.#presence.set(sender, content);
    for (const [room, { ephemeral }] of Object.entries<any>(rooms?.join ?? {})) {
      for (const { type, content } of ephemeral?.events ?? []) {
        const key = `${room} ${type}`;
        this.#ephemeral.set(key, [...(this.#ephemeral.get(key) ?? []), content]);
      }
    }
  }
}

/** What somebody has read, as contents of `m.receipt` tell it: kind, event and thread. */
const receiptsOf = ({ userId }: Person, contents: readonly any[]): unknown[] =>
  contents.flatMap((content) =>
    Object.entries<any>(content).flatMap(([event, types]) =>
      Object.entries<any>(types).flatMap(([type, { [userId]: receipt }]) =>
        receipt ? [[type, event, receipt.thread_id ?? null]] : [],
      ),
    ),
  );

/** Both people, each as the one who says something and as the one who hears of it. */
const bothWays = async (
  cast: Cast,
  test: (room: string, speaker: Person, heard: Heard) => Promise<void>,
): Promise<void> => {
  const room = await cast.sharedRoom();
  await test(room, cast.host, new Heard(cast.guest));
  await test(room, cast.guest, new Heard(cast.host));
};

inEachRoom('what is said without becoming part of the room', (cast) => {
  it('typing, and that it ended', () =>
    bothWays(cast, async (room, speaker, heard) => {
      const path = `${pathOf(room)}/typing/${encodeURIComponent(speaker.userId)}`;
      const now = (users: readonly string[]) => (contents: readonly any[]) =>
        expect(contents.at(-1)?.user_ids).to.deep.equal(users);
      await speaker.ask('PUT', path, { typing: true, timeout: 30_000 });
      await heard.inRoom(room, 'm.typing', now([speaker.userId]));
      await speaker.ask('PUT', path, { typing: false });
      await heard.inRoom(room, 'm.typing', now([]));
    }));

  it('receipts, of the room and of threads, but no private ones', () =>
    bothWays(cast, async (room, speaker, heard) => {
      const root = await cast.host.say(room, 'root');
      const relation = { rel_type: 'm.thread', event_id: root };
      const inThread = await cast.host.send(room, 'm.room.message', {
        msgtype: 'm.text',
        body: 'answer',
        'm.relates_to': relation,
      });
      const last = await cast.host.say(room, `last ${speaker.name}`);
      await speaker.view.untilMessage(room, `last ${speaker.name}`);
      const read = (type: string, event: string, body: object = {}) =>
        speaker.ask('POST', `${pathOf(room)}/receipt/${type}/${encodeURIComponent(event)}`, body);
      const heardOf = (type: string, event: string, thread: string | null) =>
        heard.inRoom(room, 'm.receipt', (contents) => {
          const receipts = receiptsOf(speaker, contents);
          expect(receipts).to.deep.include([type, event, thread]);
          expect(JSON.stringify(receipts)).to.not.include('m.read.private');
        });
      await read('m.read.private', last);
      await read('m.read', inThread, { thread_id: root });
      // Of two that wait together Synapse sends the one that is of no thread alone.
      await heardOf('m.read', inThread, root);
      await read('m.read', root);
      await heardOf('m.read', root, null);
    }));
});

/** It has nothing to do with how a room is made. */
for (const side of SIDES) {
  describe(`presence, with the host on ${side}`, () => {
    const cast = new Cast(side, '12');
    beforeEach(() => cast.enter());

    it('online with a message, idle, and gone', () =>
      bothWays(cast, async (_, speaker, heard) => {
        const say = (body: object) => speaker.ask('PUT', statusOf(speaker), body);
        await say({ presence: 'online', status_msg: 'making tea' });
        await heard.presence(speaker, (content) => {
          expect(content).to.include({ presence: 'online', currently_active: true, status_msg: 'making tea' });
          expect(content.last_active_ago).to.be.within(0, 60_000);
        });
        await say({ presence: 'unavailable' });
        await heard.presence(speaker, (content) => {
          expect(content).to.include({ presence: 'unavailable' }).and.not.have.property('status_msg');
        });
        await say({ presence: 'offline' });
        await heard.presence(speaker, (content) => expect(content).to.include({ presence: 'offline' }));
      }));
  });
}
