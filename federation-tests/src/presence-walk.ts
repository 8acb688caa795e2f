import { expect } from 'chai';
import { Dice } from './dice.ts';
import type { TestNetwork } from './network.ts';
import type { Person } from './people.ts';
import { letPass, MINUTE, ROUND, say, SECOND, statusOf } from './presence.ts';
import { type TestFollow, TestSocket } from './socket.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const SERVERS = ['a.test', 'b.test'] as const;
const ROOMS = 3;
/** Of which there are five people, so that rooms become too large, and small again. */
export const MAX_MEMBERS = 4;

/** Nobody is told of who is offline from the start, and how long ago somebody was active changes by itself. */
const told = ({ presence, status_msg: message, currently_active: isActive }: any): string =>
  presence === 'offline' ? 'offline' : JSON.stringify([presence, message, isActive]);

/** What one client knows of others, by answers of `/v3/sync` put together, over HTTP or a socket. */
class Reader {
  readonly person: Person;
  readonly known = new Map<string, string>();
  readonly #assertVisible: (sender: string) => void;
  /** Whom they saw while what the socket has brought was on its way. */
  readonly seen = new Set<string>();
  pos: string | undefined;
  #socket: TestSocket | undefined;
  #follow: TestFollow | undefined;
  #marks = 0;

  constructor(person: Person, assertVisible: (sender: string) => void) {
    this.person = person;
    this.#assertVisible = assertVisible;
  }

  async poll(said: string, isLost = false): Promise<void> {
    this.drop();
    const since = this.pos === undefined ? '' : `&since=${this.pos}`;
    const answer = await this.person.ask('GET', `/sync?set_presence=${said}${since}`);
    if (isLost) this.#look(answer);
    else {
      this.#hear(answer);
      this.pos = answer.next_batch;
    }
  }

  /** Goes on over a socket. */
  async connect(said: string): Promise<void> {
    this.drop();
    this.#socket = await TestSocket.open(this.person);
    const from = this.pos !== undefined && { pos: this.pos };
    this.#follow = this.#socket.follow('v3', { query: { set_presence: said }, ...from });
  }

  /** What has been pushed so far; `isLost`: the socket breaks before anything of it arrives. */
  async take(isLost = false): Promise<void> {
    if (!this.#follow) return;
    const { person } = this;
    const mark = `mark ${this.#marks++}`;
    await person.ask('PUT', `/user/${person.userId}/account_data/org.example.mark`, { mark });
    if (isLost) {
      this.#look(await this.#follow.update());
      this.drop();
      return;
    }
    for (let isOver = false; !isOver;) {
      const body = await this.#follow.update();
      isOver = JSON.stringify(body.account_data ?? {}).includes(mark);
      this.#hear(body);
      this.pos = this.#follow.pos;
      this.#follow.ack();
    }
    this.seen.clear();
  }

  drop(): void {
    this.#socket?.kill();
    this.#socket = undefined;
    this.#follow = undefined;
    this.seen.clear();
  }

  get isFollowing(): boolean {
    return this.#follow !== undefined;
  }

  #hear(answer: any): void {
    this.#look(answer);
    for (const { sender, content } of answer.presence?.events ?? []) this.known.set(sender, told(content));
  }

  #look(answer: any): void {
    const senders: string[] = (answer.presence?.events ?? []).map(({ sender }: any) => sender);
    for (const sender of senders) if (!this.seen.has(sender)) this.#assertVisible(sender);
  }
}

/**
 * People of two servers come and go, say how they are, do things and fall silent, while their clients lose answers, change from
 * polls to sockets and back, and servers are started anew.
 */
export class PresenceWalk {
  readonly log: string[] = [];
  readonly #network: TestNetwork;
  readonly #dice: Dice;
  readonly #people: Person[] = [];
  readonly #readers: Reader[] = [];
  readonly #rooms = new Map<string, Set<Person>>();
  readonly #staying = new Map<Person, TestSocket>();

  constructor(network: TestNetwork, seed: string) {
    this.#network = network;
    this.#dice = new Dice(seed);
  }

  async run(steps: number): Promise<void> {
    await this.#begin();
    for (let n = 0; n < steps; n++) await this.#step();
    await this.#pass(ROUND);
    await this.#end();
    for (const reader of this.#readers) reader.drop();
    for (const socket of this.#staying.values()) await socket.close();
  }

  async #begin(): Promise<void> {
    for (const [name, server] of [
      ['alice', 0],
      ['carol', 0],
      ['eve', 0],
      ['bob', 1],
      ['dave', 1],
    ] as const) {
      const person = await this.#network.person(name, SERVERS[server]);
      this.#people.push(person);
      this.#readers.push(new Reader(await person.login(), (sender) => this.#assertVisible(person, sender)));
    }
    for (let n = 0; n < ROOMS; n++) {
      const host = this.#people[n]!;
      this.#rooms.set(await host.createRoom(), new Set([host]));
    }
  }

  async #step(): Promise<void> {
    const dice = this.#dice;
    const person = dice.of(this.#people);
    const reader = dice.of(this.#readers);
    const said = dice.of(['online', 'unavailable', 'offline', 'offline']);
    const isLost = dice.below(3) === 0;
    const room = dice.of([...this.#rooms.keys()]);
    const ms = dice.of([SECOND, ROUND, ROUND, 40 * SECOND, 4 * MINUTE]);
    const server = dice.of(SERVERS);
    const actions: Readonly<Record<string, () => Promise<unknown>>> = {
      say: () => this.#sayAnything(person),
      stay: () => this.#stay(person),
      'say again': () => say(person, { presence: 'online' }),
      follow: () => person.ask('GET', `/sync?set_presence=${said}`),
      act: () => this.#act(person, room),
      move: () => this.#move(person, room),
      'move on': () => this.#move(person, room),
      pass: () => this.#pass(ms),
      'pass on': () => this.#pass(ROUND),
      poll: () => reader.poll(said, isLost),
      'poll again': () => reader.poll('offline', isLost),
      take: () => reader.take(isLost),
      connect: () => reader.connect(said),
      drop: async () => reader.drop(),
      restart: () => this.#restart(server),
    };
    const name = dice.of(Object.keys(actions));
    const details = { pass: `${ms}`, restart: server, move: room, 'move on': room }[name];
    this.log.push(`${name} ${details ?? said} by ${person.userId} / ${reader.person.userId}${isLost ? ' lost' : ''}`);
    await actions[name]!();
    await this.#network.settle();
  }

  #sayAnything(person: Person): Promise<unknown> {
    const presence = this.#dice.of(['online', 'unavailable', 'offline']);
    const message = this.#dice.of([undefined, 'here', 'away']);
    this.log.push(`${person.userId} is ${presence}, ${message}`);
    return say(person, { presence, ...(message !== undefined && { status_msg: message }) });
  }

  /** Online for as long as the server runs, or ceases to be. */
  async #stay(person: Person): Promise<void> {
    const before = this.#staying.get(person);
    if (before !== undefined && !before.closed) return before.close();
    const socket = await TestSocket.open(person);
    this.#staying.set(person, socket);
    socket.follow('v3', { query: { set_presence: 'online' } });
  }

  async #act(person: Person, room: string): Promise<void> {
    if (this.#rooms.get(room)!.has(person)) await person.say(room, 'x');
  }

  async #move(person: Person, room: string): Promise<void> {
    const members = this.#rooms.get(room)!;
    for (const [index, reader] of this.#readers.entries()) {
      const visible = this.#people.filter((other) => this.#share(this.#people[index]!, other));
      if (reader.isFollowing) for (const { userId } of visible) reader.seen.add(userId);
    }
    if (!members.has(person)) {
      await person.join(
        room,
        [...members].map(({ home }) => home.name),
      );
      members.add(person);
    } else if (members.size > 1) {
      await person.leave(room);
      members.delete(person);
    }
  }

  #pass(ms: number): Promise<void> {
    return letPass(this.#network, ms);
  }

  async #restart(server: string): Promise<void> {
    await this.#network.stop(server);
    for (const { person, drop } of this.#readers.map((reader) => ({
      person: reader.person,
      drop: () => reader.drop(),
    })))
      if (person.home.name === server) drop();
    await this.#network.start(server);
  }

  /** Everybody knows what somebody knows who has just come. */
  async #end(): Promise<void> {
    for (const reader of this.#readers) await reader.poll('offline');
    // Until all who have ceased to follow are gone, and other servers have said so.
    for (let n = 0; n < 15; n++) await this.#pass(ROUND);
    for (const person of this.#people) if (this.#dice.below(3) > 0) await this.#sayAnything(person);
    for (let n = 0; n < 3; n++) await this.#pass(ROUND);
    for (const [index, reader] of this.#readers.entries()) {
      const person = this.#people[index]!;
      await reader.poll('offline');
      const fresh = new Reader(await person.login(), () => undefined);
      await fresh.poll('offline');
      for (const other of this.#people) {
        if (!this.#share(person, other)) continue;
        const what = `${other.userId} for ${person.userId}\n${this.log.join('\n')}`;
        const now = await person.ask('GET', statusOf(other));
        expect(fresh.known.get(other.userId) ?? 'offline', `fresh: ${what}`).to.equal(told(now));
        expect(reader.known.get(other.userId) ?? 'offline', `put together: ${what}`).to.equal(told(now));
      }
    }
  }

  #assertVisible(person: Person, sender: string): void {
    const other = this.#people.find(({ userId }) => userId === sender)!;
    const why = `${person.userId} is told of ${sender}\n${this.log.join('\n')}`;
    expect(this.#share(person, other), why).to.equal(true);
  }

  #share(one: Person, other: Person): boolean {
    if (one === other) return true;
    const rooms = [...this.#rooms.values()].filter(({ size }) => size <= MAX_MEMBERS);
    return rooms.some((members) => members.has(one) && members.has(other));
  }
}
