import { EVENT_STATUSES } from '@holm/homeserver/rooms/events.store';
import { sql } from '@holm/homeserver/storage/sql';
import { CryptoDevice } from '../crypto-device.ts';
import type { Dice } from '../dice.ts';
import type { TestNetwork } from '../network.ts';
import { pathOf, type Person } from '../people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- events are read as they are stored */

interface Said {
  readonly eventId: string;
  readonly by: Person;
}

/** A message to a device. */
interface Letter {
  readonly from: Person;
  readonly to: Person;
  readonly n: number;
}

/** Somebody who came to a room of another server, as far as they were told. */
export interface Journey {
  readonly room: string;
  readonly host: Person;
  readonly guest: Person;
  isAcknowledged: boolean;
}

export interface DayOptions {
  readonly network: TestNetwork;
  readonly servers: readonly string[];
  readonly dice: Dice;
  readonly version: string;
}

/**
 * What people of several servers do in a day: one room in which everybody may do everything, so that whatever a server
 * has acknowledged has to be there on all of them in the end.
 *
 * Each server has a resident, who acts; a visitor, who comes and goes; and a watcher, who never reads what is said.
 */
export class Day {
  readonly residents: Person[] = [];
  readonly watchers: Person[] = [];
  readonly visitors: Person[] = [];
  /** What was acknowledged. */
  readonly events = new Set<string>();
  readonly letters: Letter[] = [];
  readonly journeys: Journey[] = [];
  /** Who has read something, and in which thread. */
  readonly receipts = new Set<string>();
  /** What was done, for the message of a failure. */
  readonly log: string[] = [];
  room = '';
  readonly #options: DayOptions;
  readonly #dice: Dice;
  readonly #messages: Said[] = [];
  readonly #extraDevices: Person[] = [];
  readonly #travels: Promise<void>[] = [];
  #count = 0;

  constructor(options: DayOptions) {
    this.#options = options;
    this.#dice = options.dice;
  }

  /** In good weather. */
  async begin(): Promise<void> {
    const { network, servers, version } = this.#options;
    for (const server of servers) {
      this.residents.push(await network.person('resident', server));
      this.watchers.push(await network.person('watcher', server));
      this.visitors.push(await network.person('visitor', server));
    }
    const [founder] = this.residents;
    this.room = await founder!.createRoom({
      preset: 'public_chat',
      room_version: version,
      power_level_content_override: { users_default: 50 },
    });
    for (const person of [...this.residents.slice(1), ...this.watchers]) await person.join(this.room, [servers[0]!]);
    for (const resident of this.residents) await new CryptoDevice(resident).upload();
    await network.settle();
    await Promise.all(this.residents.map((resident) => resident.view.sync()));
  }

  /** Somebody does something. None of it needs another server to be there, and none of it may be refused. */
  async act(): Promise<void> {
    const who = this.#dice.of(this.residents);
    const text = `${(this.#count += 1)}`;
    const actions: Readonly<Record<string, () => Promise<void>>> = {
      say: () => this.#say(who, text),
      'say more': () => this.#say(who, text),
      mention: () => this.#mention(who, text),
      edit: () => this.#edit(who, text),
      redact: () => this.#redact(who),
      topic: () => this.#setState(who, 'm.room.topic', { topic: text }),
      thing: () => this.#setState(who, 'org.example.thing', { text }, this.#dice.of(['x', 'y', 'z'])),
      'come or go': () => this.#comeOrGo(this.#dice.of(this.visitors)),
      answer: () => this.#answer(who, text),
      read: () => this.#read(who),
      'read on': () => this.#read(who),
      write: () => this.write(who),
      'another device': () => this.#addDevice(who),
      'one device less': () => this.#removeDevice(),
    };
    const name = this.#dice.of(Object.keys(actions));
    this.log.push(`${name} by ${who.userId}`);
    await actions[name]!();
  }

  /** Somebody sets out for a room of another server: that cannot be done without it, so it may fail. */
  async travel(): Promise<void> {
    const [host, other] = this.#dice.below(2) === 0 ? this.residents : [...this.residents].reverse();
    const guest = await this.#options.network.person('guest', other!.home.name);
    const room = await host!.createRoom({ preset: 'public_chat', room_version: this.#options.version });
    const journey: Journey = { room, host: host!, guest, isAcknowledged: false };
    this.journeys.push(journey);
    const arrival = guest.request('POST', `/join/${encodeURIComponent(room)}?via=${host!.home.name}`, {});
    this.#travels.push(
      arrival.then(
        ({ status }) => void (journey.isAcknowledged = status === 200),
        () => undefined, // took longer than the traveller's patience
      ),
    );
  }

  /** Resolves when everybody has arrived or been turned back. */
  async end(): Promise<void> {
    await Promise.all(this.#travels);
  }

  /**
   * Departures of visitors that some server does not show ("soft fail"): by the time it heard of them, it knew by another way what
   * had followed, and who has left cannot leave.
   */
  async hiddenDepartures(): Promise<ReadonlySet<string>> {
    const { network, servers } = this.#options;
    const failed = await Promise.all(
      servers.map((name) =>
        network
          .server(name)
          .rows<{ event_id: string; json: string }>(
            sql`SELECT event_id, json FROM events WHERE status = ${EVENT_STATUSES.indexOf('soft-failed')}`,
          ),
      ),
    );
    const visitors = new Set(this.visitors.map(({ userId }) => userId));
    const isDeparture = ({ type, sender, state_key: key, content }: any): boolean =>
      type === 'm.room.member' && visitors.has(sender) && key === sender && content.membership === 'leave';
    const departures = failed.flat().filter(({ json }) => isDeparture(JSON.parse(json)));
    return new Set(departures.map(({ event_id: id }) => id));
  }

  #keep(eventId: string): string {
    this.events.add(eventId);
    return eventId;
  }

  async #say(by: Person, text: string): Promise<void> {
    this.#messages.push({ eventId: this.#keep(await by.say(this.room, text)), by });
  }

  async #mention(who: Person, text: string): Promise<void> {
    const mentioned = { user_ids: this.watchers.map(({ userId }) => userId) };
    const content = { msgtype: 'm.text', body: text, 'm.mentions': mentioned };
    this.#keep(await who.send(this.room, 'm.room.message', content));
  }

  async #edit(who: Person, text: string): Promise<void> {
    const own = this.#messages.filter(({ by }) => by === who);
    if (own.length === 0) return;
    const content = {
      msgtype: 'm.text',
      body: `* ${text}`,
      'm.new_content': { msgtype: 'm.text', body: text },
      'm.relates_to': { rel_type: 'm.replace', event_id: this.#dice.of(own).eventId },
    };
    this.#keep(await who.send(this.room, 'm.room.message', content));
  }

  /** Of what their server has, for others may not have arrived. */
  async #redact(who: Person): Promise<void> {
    const own = this.#messages.findIndex(({ by }) => by === who);
    if (own === -1) return;
    const [{ eventId }] = this.#messages.splice(own, 1) as [Said];
    const path = `${pathOf(this.room)}/redact/${encodeURIComponent(eventId)}/${this.#count}`;
    this.#keep((await who.ask('PUT', path, {})).event_id);
  }

  async #setState(who: Person, type: string, content: object, key = ''): Promise<void> {
    this.#keep(await who.setState(this.room, [type, key], content));
  }

  async #comeOrGo(visitor: Person): Promise<void> {
    const isIn = (await visitor.ask('GET', '/joined_rooms')).joined_rooms.includes(this.room);
    if (isIn) await visitor.leave(this.room);
    else await visitor.join(this.room, [visitor.home.name]);
    const resident = this.residents.find(({ home }) => home === visitor.home)!;
    this.#keep((await resident.state(this.room))[`m.room.member ${visitor.userId}`]!);
  }

  async #answer(who: Person, text: string): Promise<void> {
    const own = this.#messages.filter(({ by }) => by === who);
    if (own.length === 0) return;
    const relation = { rel_type: 'm.thread', event_id: this.#dice.of(own).eventId };
    this.#keep(
      await who.send(this.room, 'm.room.message', { msgtype: 'm.text', body: text, 'm.relates_to': relation }),
    );
  }

  /** The newest that there is: of its thread, or of the room as a whole or its main timeline. */
  async #read(who: Person): Promise<void> {
    const { chunk } = await who.ask('GET', `${pathOf(this.room)}/messages?dir=b&limit=1`);
    const [{ event_id: id, content }] = chunk;
    const relation = content['m.relates_to'];
    const thread = relation?.rel_type === 'm.thread' ? relation.event_id : this.#dice.of(['', 'main']);
    const body = thread === '' ? {} : { thread_id: thread };
    await who.ask('POST', `${pathOf(this.room)}/receipt/m.read/${encodeURIComponent(id)}`, body);
    this.receipts.add(`${who.userId} ${thread}`);
  }

  /** A message to somebody's device elsewhere. */
  async write(from: Person): Promise<void> {
    const to = this.#dice.of(this.residents.filter((resident) => resident !== from));
    const n = this.letters.length;
    await from.ask('PUT', `/sendToDevice/org.example.letter/${n}`, {
      messages: { [to.userId]: { [to.deviceId]: { n } } },
    });
    this.letters.push({ from, to, n });
  }

  async #addDevice(who: Person): Promise<void> {
    const device = await who.login();
    await new CryptoDevice(device).upload();
    this.#extraDevices.push(device);
  }

  async #removeDevice(): Promise<void> {
    await this.#extraDevices.shift()?.ask('POST', '/logout', {});
  }
}
