import { expect } from 'chai';
import type { Person } from '../src/people.ts';
import { eventually, otherSide, type Pair, type Side, SIDES } from './pair.ts';
import { thePair } from './setup.ts';

/** The room versions in use: 6 and 9 in old rooms, 10 to 12 in new ones. */
const VERSIONS = ['6', '9', '10', '11', '12'];

const TITLES: Readonly<Record<Side, string>> = {
  synapse: "we in Synapse's room",
  holm: 'Synapse in our room',
};

/** Two people of different servers, new for each test. The room is the host's. */
export class Cast {
  readonly version: string;
  readonly #side: Side;
  #host: Person | undefined;
  #guest: Person | undefined;

  constructor(side: Side, version: string) {
    this.#side = side;
    this.version = version;
  }

  async enter(): Promise<void> {
    this.#host = await this.another('host', 'host');
    this.#guest = await this.another('guest', 'guest');
  }

  get pair(): Pair {
    return thePair();
  }

  get host(): Person {
    if (!this.#host) throw new Error('there is no host between tests');
    return this.#host;
  }

  get guest(): Person {
    if (!this.#guest) throw new Error('there is no guest between tests');
    return this.#guest;
  }

  another(name: string, of: 'host' | 'guest'): Promise<Person> {
    return this.pair.person(name, of === 'host' ? this.#side : otherSide(this.#side));
  }

  room(wish: object): Promise<string> {
    return this.host.createRoom({ room_version: this.version, ...wish });
  }

  /** A room that anybody may join, and in which everybody may do what moderators do. */
  publicRoom(more: object = {}): Promise<string> {
    return this.room({ preset: 'public_chat', power_level_content_override: { users_default: 50 }, ...more });
  }

  /** A public room with both in it, and both aware of it. */
  async sharedRoom(more: object = {}): Promise<string> {
    const room = await this.publicRoom(more);
    await this.comeIn(this.guest, room);
    await this.host.view.until('the room', ({ joined }) => joined.has(room));
    return room;
  }

  /** Joins by way of the host's server. */
  async comeIn(person: Person, room: string): Promise<void> {
    await person.join(room, [this.host.home.name]);
    await person.view.until('the room', ({ joined }) => joined.has(room));
  }

  /** Both servers come to say the same of the room, key by key. */
  agree(room: string): Promise<void> {
    return eventually(async () => expect(await this.guest.state(room)).to.deep.equal(await this.host.state(room)));
  }

  /** Both come to see the same history, in the same order. It has to be one that nobody can see in another. */
  agreeOnHistory(room: string): Promise<void> {
    const idsOf = async (person: Person) => (await person.history(room, 50)).map(({ event_id: id }) => id);
    return eventually(async () => expect(await idsOf(this.guest)).to.deep.equal(await idsOf(this.host)));
  }

  /** The host's server comes to know of a membership. */
  membership(person: Person, room: string, membership: string): Promise<void> {
    return eventually(async () => expect((await this.host.members(room))[person.userId]).to.equal(membership));
  }

  /** What a person's attempt to join is refused with. */
  async refusal(person: Person, room: string): Promise<[number, string]> {
    const path = `/join/${encodeURIComponent(room)}?via=${this.host.home.name}`;
    const { status, body } = await person.request('POST', path, {});
    return [status, body.errcode];
  }
}

/** The same tests in each version, with either server as the host. */
export const inEachRoom = (title: string, tests: (cast: Cast) => void): void => {
  describe(title, () => {
    for (const version of VERSIONS) {
      for (const side of SIDES) {
        describe(`room version ${version}, ${TITLES[side]}`, () => {
          const cast = new Cast(side, version);
          beforeEach(() => cast.enter());
          afterEach(() => cast.pair.heal());
          tests(cast);
        });
      }
    }
  });
};
