import { setTimeout } from 'node:timers/promises';
import { CrossSigner, CryptoDevice } from './crypto-device.ts';
import { Dice } from './dice.ts';
import { Follower, POLL_MS } from './follower.ts';
import { Refused } from './http.ts';
import type { TestNetwork } from './network.ts';
import { pathOf, type Person } from './people.ts';

const NAMES = [['alice', 'a.test'], ['carol', 'a.test'], ['bob', 'b.test'], ['dave', 'b.test']] as const; // prettier-ignore
const SERVERS = ['a.test', 'b.test'] as const;
const MAX_DEVICES = 3;

/** A message to devices, and who was there to get it. */
interface SentMessage {
  readonly name: string;
  readonly to: readonly Follower[];
}

/** People on two servers who do what leaves no event, while servers stop, links break and answers get lost. */
export class SideWalk {
  readonly people: Person[] = [];
  readonly followers: Follower[] = [];
  readonly sent: SentMessage[] = [];
  readonly log: string[] = [];
  readonly #network: TestNetwork;
  readonly #dice: Dice;
  readonly #rooms: string[] = [];
  readonly #events = new Map<string, string[]>();
  #count = 0;
  #isCut = false;

  constructor(network: TestNetwork, seed: string) {
    this.#network = network;
    this.#dice = new Dice(seed);
  }

  /** `isLive`: everybody waits for what is new all the time, too. */
  async run(steps: number, isLive = false): Promise<void> {
    await this.#begin();
    let isOver = false;
    const lost = new Dice('lost');
    const live = isLive
      ? this.followers.map((one) => one.follow({ isOver: () => isOver, isLost: () => lost.below(4) === 0 }))
      : [];
    for (let step = 0; step < steps; step++) {
      this.#network.clock.advance(this.#dice.below(3_000));
      if (this.#dice.below(15) === 0) await this.#restart(this.#dice.of(SERVERS));
      const together = Array.from({ length: 1 + this.#dice.below(3) }, () => this.#step());
      await Promise.all(together);
    }
    isOver = true;
    while (this.followers.some(({ isLive: isFollowing }) => isFollowing)) {
      this.#network.clock.advance(POLL_MS);
      await setTimeout(5);
    }
    await Promise.all(live);
    if (this.#isCut) await this.#network.heal(...SERVERS);
    this.#network.clock.advance(120_000);
    await this.#network.settle();
    await this.#network.retry();
    await this.#network.settle();
    for (const follower of [...this.followers, ...this.followers]) await follower.sync();
  }

  /** Who is in a room with somebody. */
  async around(person: Person): Promise<Set<string>> {
    const { joined_rooms: rooms } = await person.ask('GET', '/joined_rooms');
    const around = new Set<string>();
    for (const room of rooms) {
      const { joined } = await person.ask('GET', `${pathOf(room)}/joined_members`);
      for (const user of Object.keys(joined)) around.add(user);
    }
    return around;
  }

  async #begin(): Promise<void> {
    for (const [name, server] of NAMES) this.people.push(await this.#network.person(name, server));
    for (const owner of [this.people[0]!, this.people[2]!, this.people[0]!]) {
      const room = await owner.createRoom({ preset: 'public_chat' });
      this.#rooms.push(room);
      this.#events.set(room, []);
      for (const one of this.people) if (one !== owner) await one.join(room, SERVERS);
    }
    await this.#network.settle();
    for (const person of this.people) await this.#add(person);
  }

  async #restart(server: string): Promise<void> {
    this.log.push(`${server} is restarted`);
    await this.#network.stop(server);
    await this.#network.start(server);
  }

  async #add(person: Person): Promise<void> {
    await new CryptoDevice(person).upload();
    const follower = new Follower(person);
    await follower.sync();
    this.followers.push(follower);
  }

  async #step(): Promise<void> {
    const dice = this.#dice;
    const [follower, room, other] = [dice.of(this.followers), dice.of(this.#rooms), dice.of(this.people)];
    const { person } = follower;
    const n = this.#count++;
    const actions: Readonly<Record<string, () => Promise<unknown>>> = {
      say: () => this.#say(person, room, {}),
      mention: () => this.#say(person, room, { 'm.mentions': { user_ids: [other.userId] } }),
      thread: () => this.#say(person, room, this.#relation(room, 'm.thread')),
      react: () => this.#say(person, room, this.#relation(room, 'm.annotation')),
      read: () => this.#read(person, room, 'm.read'),
      'read in private': () => this.#read(person, room, 'm.read.private'),
      'read fully': () => this.#read(person, room, 'm.fully_read'),
      type: () => this.#type(person, room, true),
      'stop typing': () => this.#type(person, room, false),
      keep: () => person.ask('PUT', `${own(person)}/account_data/x.${n % 3}`, { n }),
      'keep of room': () => person.ask('PUT', `${own(person)}/rooms/${encodeURIComponent(room)}/account_data/x`, { n }),
      tag: () => person.ask('PUT', `${own(person)}/rooms/${encodeURIComponent(room)}/tags/u.${n % 2}`, { order: 0.5 }),
      untag: () => person.ask('DELETE', `${own(person)}/rooms/${encodeURIComponent(room)}/tags/u.${n % 2}`),
      mute: () =>
        person.ask('PUT', `/pushrules/global/override/${encodeURIComponent(room)}`, {
          actions: [],
          conditions: [{ kind: 'event_match', key: 'room_id', pattern: room }],
        }),
      unmute: () => person.ask('DELETE', `/pushrules/global/override/${encodeURIComponent(room)}`),
      message: () => this.#message(person, dice.of(this.followers)),
      'message to all': () => this.#message(person, other),
      come: () => person.join(room, SERVERS),
      go: () => person.leave(room),
      login: () => this.#login(other),
      logout: () => this.#logout(follower),
      'sign across': () => person.ask('POST', '/keys/device_signing/upload', new CrossSigner(person.userId).upload),
      kick: () => this.people[0]!.kick(room, other),
      sync: async () => (follower.isLive ? undefined : follower.sync(dice.below(3) === 0)),
      settle: () => this.#network.settle(),
      cut: async () => {
        this.#network.cut(...SERVERS);
        this.#isCut = true;
      },
      heal: () => this.#network.heal(...SERVERS),
    };
    const name = dice.of(Object.keys(actions));
    this.log.push(`${name} by ${person.name} ${person.deviceId} in ${room.slice(0, 5)}, ${other.name}`);
    await actions[name]!().catch((error: unknown) => {
      if (!(error instanceof Refused) || error.status === 500) throw error;
      this.log.push(`  refused: ${error.message}`);
    });
  }

  async #say(person: Person, room: string, more: object): Promise<void> {
    const n = this.#count++;
    const content = { msgtype: 'm.text', body: String(n), ...more };
    const { event_id: event } = await person.ask('PUT', `${pathOf(room)}/send/m.room.message/w${n}`, content);
    this.#events.get(room)?.push(event);
  }

  #relation(room: string, type: string): object {
    const events = this.#events.get(room) ?? [];
    return events.length === 0 ? {} : { 'm.relates_to': { rel_type: type, event_id: this.#dice.of(events), key: 'x' } };
  }

  async #read(person: Person, room: string, type: string): Promise<void> {
    const events = this.#events.get(room) ?? [];
    if (events.length === 0) return;
    const thread =
      type === 'm.fully_read' ? undefined : this.#dice.of([undefined, undefined, 'main', this.#dice.of(events)]);
    const event = this.#dice.of(events.slice(-4));
    await person.ask('POST', `${pathOf(room)}/receipt/${type}/${encodeURIComponent(event)}`, { thread_id: thread });
  }

  #type(person: Person, room: string, typing: boolean): Promise<unknown> {
    return person.ask('PUT', `${pathOf(room)}/typing/${encodeURIComponent(person.userId)}`, {
      typing,
      timeout: 20_000,
    });
  }

  async #message(from: Person, to: Person | Follower): Promise<void> {
    const n = this.#count++;
    const person = to instanceof Follower ? to.person : to;
    const device = to instanceof Follower ? person.deviceId : '*';
    const there = to instanceof Follower ? [to] : this.followers.filter((one) => one.person.userId === person.userId);
    this.sent.push({ name: `${from.userId} ${n}`, to: there });
    await from.ask('PUT', `/sendToDevice/x/m${n}`, { messages: { [person.userId]: { [device]: { n } } } });
  }

  /** Of the devices that somebody has, the first remains. */
  async #logout(follower: Follower): Promise<void> {
    if (this.people.includes(follower.person)) return;
    this.followers.splice(this.followers.indexOf(follower), 1);
    await follower.person.ask('POST', '/logout', {});
  }

  async #login(person: Person): Promise<void> {
    if (this.followers.filter((one) => one.person.userId === person.userId).length >= MAX_DEVICES) return;
    await this.#add(await person.login());
  }
}

const own = ({ userId }: Person): string => `/user/${encodeURIComponent(userId)}`;
