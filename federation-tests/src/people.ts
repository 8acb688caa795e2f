import { type Answer, call, Refused } from './http.ts';
import { View } from './view.ts';

/** Everybody's. */
export const PASSWORD = 'correct horse battery staple';

/** Where a person's server is, for as long as it does not move. */
export interface Home {
  readonly name: string;
  readonly url: string;
}

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/**
 * Somebody with an account, logged in: the smallest client there is.
 *
 * Every method that does something throws `Refused` when the server does not do it; `request` gives any answer.
 */
export class Person {
  readonly home: Home;
  readonly userId: string;
  readonly name: string;
  readonly deviceId: string;
  readonly token: string;
  /** What they see by syncing. */
  readonly view: View;
  #transactions = 0;

  private constructor(home: Home, session: { user_id: string; device_id: string; access_token: string }) {
    this.home = home;
    this.userId = session.user_id;
    this.name = session.user_id.slice(1, session.user_id.indexOf(':'));
    this.deviceId = session.device_id;
    this.token = session.access_token;
    this.view = new View(this);
  }

  static async register(home: Home, username: string): Promise<Person> {
    const body = { username, password: PASSWORD, auth: { type: 'm.login.dummy' } };
    const answer = await call('POST', `${home.url}/_matrix/client/v3/register`, { body });
    if (answer.status !== 200) throw new Refused(`register ${username}`, answer);
    return new Person(home, answer.body);
  }

  async deactivate(): Promise<void> {
    const identifier = { type: 'm.id.user', user: this.name };
    await this.ask('POST', '/account/deactivate', {
      auth: { type: 'm.login.password', identifier, password: PASSWORD },
    });
  }

  /** The same account on another device. */
  async login(): Promise<Person> {
    const identifier = { type: 'm.id.user', user: this.name };
    const body = { type: 'm.login.password', identifier, password: PASSWORD };
    const answer = await call('POST', `${this.home.url}/_matrix/client/v3/login`, { body });
    if (answer.status !== 200) throw new Refused('login', answer);
    return new Person(this.home, answer.body);
  }

  request(method: string, path: string, body?: unknown): Promise<Answer> {
    return call(method, `${this.home.url}/_matrix/client/v3${path}`, { token: this.token, body });
  }

  async ask(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await this.request(method, path, body);
    if (answer.status !== 200) throw new Refused(`${this.userId}: ${method} ${path}`, answer);
    return answer.body;
  }

  async createRoom(wish: object = { preset: 'public_chat' }): Promise<string> {
    return (await this.ask('POST', '/createRoom', wish)).room_id;
  }

  /** By alias or id; resolves to the id. */
  async join(room: string, via: readonly string[] = []): Promise<string> {
    const query = via.map((server) => `via=${encodeURIComponent(server)}`).join('&');
    return (await this.ask('POST', `/join/${encodeURIComponent(room)}?${query}`, {})).room_id;
  }

  /** As `join`, but to ask to be let in. */
  async knock(room: string, via: readonly string[] = [], reason?: string): Promise<string> {
    const query = via.map((server) => `via=${encodeURIComponent(server)}`).join('&');
    return (await this.ask('POST', `/knock/${encodeURIComponent(room)}?${query}`, { reason })).room_id;
  }

  leave = (room: string) => this.ask('POST', `${pathOf(room)}/leave`, {});
  forget = (room: string) => this.ask('POST', `${pathOf(room)}/forget`, {});
  invite = (room: string, other: Person) => this.#do('invite', room, other);
  kick = (room: string, other: Person) => this.#do('kick', room, other);
  ban = (room: string, other: Person) => this.#do('ban', room, other);
  unban = (room: string, other: Person) => this.#do('unban', room, other);

  #do(verb: string, room: string, other: Person): Promise<any> {
    return this.ask('POST', `${pathOf(room)}/${verb}`, { user_id: other.userId });
  }

  /** A text message; resolves to the event's id. */
  say(room: string, text: string): Promise<string> {
    return this.send(room, 'm.room.message', { msgtype: 'm.text', body: text });
  }

  async send(room: string, type: string, content: object): Promise<string> {
    const path = `${pathOf(room)}/send/${type}/${this.#transactions++}`;
    return (await this.ask('PUT', path, content)).event_id;
  }

  async setState(room: string, [type, key]: readonly [string, string], content: object): Promise<string> {
    return (await this.ask('PUT', `${pathOf(room)}/state/${type}/${encodeURIComponent(key)}`, content)).event_id;
  }

  /** The content of one state event. */
  stateAt(room: string, [type, key]: readonly [string, string]): Promise<any> {
    return this.ask('GET', `${pathOf(room)}/state/${type}/${encodeURIComponent(key)}`);
  }

  /** The current state: event ids by type and state key, in a stable order, so that two people's can be compared. */
  async state(room: string): Promise<Readonly<Record<string, string>>> {
    const events: any[] = await this.ask('GET', `${pathOf(room)}/state`);
    const entries = events.map((event) => [`${event.type} ${event.state_key}`, event.event_id] as const);
    return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** Who has which membership, by user id. */
  async members(room: string): Promise<Readonly<Record<string, string>>> {
    const { chunk } = await this.ask('GET', `${pathOf(room)}/members`);
    return Object.fromEntries(chunk.map((event: any) => [event.state_key, event.content.membership]));
  }

  /** Everything that can be paged back to from now on, newest first. */
  async history(room: string, limit = 20): Promise<any[]> {
    const events: any[] = [];
    for (let from = ''; ;) {
      const page = await this.ask('GET', `${pathOf(room)}/messages?dir=b&limit=${limit}${from && `&from=${from}`}`);
      events.push(...page.chunk);
      if (page.end === undefined) return events;
      from = encodeURIComponent(page.end);
    }
  }

  event(room: string, eventId: string): Promise<Answer> {
    return this.request('GET', `${pathOf(room)}/event/${encodeURIComponent(eventId)}`);
  }
}

export const pathOf = (room: string): string => `/rooms/${encodeURIComponent(room)}`;
/** The texts of messages, in the order in which they come. */
export const textsOf = (events: readonly any[]): string[] =>
  events.filter(({ type }) => type === 'm.room.message').map(({ content }) => content.body);
