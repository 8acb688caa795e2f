import { Pool } from 'undici';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const FILTERS = {
  lazy: { room: { state: { lazy_load_members: true }, timeline: { limit: 20 } } },
  full: { room: { timeline: { limit: 20 } } },
};

/** How a sync is to be answered: members only where they matter, or all of them. */
export type Detail = keyof typeof FILTERS;

const TEXT = 'The ferry leaves at a quarter past nine, and the next one not before noon.';

/** Speaks to one server, over so many connections at most. */
export class Client {
  readonly #pool: Pool;
  readonly #connections: number;
  #transactions = 0;

  constructor(url: string, connections: number) {
    this.#connections = connections;
    this.#pool = new Pool(url, { connections });
  }

  /** The same to another process, over connections of its own. */
  at(url: string): Client {
    return new Client(url, this.#connections);
  }

  async text(method: 'GET' | 'PUT' | 'POST', path: string, { token, body }: Call = {}): Promise<string> {
    const answer = await this.#pool.request({
      method,
      path: `/_matrix/client/v3${path}`,
      headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
    return text;
  }

  async ask(method: 'GET' | 'PUT' | 'POST', path: string, call: Call = {}): Promise<any> {
    return JSON.parse(await this.text(method, path, call));
  }

  async register(name: string): Promise<Person> {
    const body = { username: name, password: passwordOf(name), auth: { type: 'm.login.dummy' } };
    return { name, token: (await this.ask('POST', '/register', { body })).access_token };
  }

  /** The same account on a device that has synced nothing yet. */
  async newDevice({ name }: Person): Promise<Person> {
    const identifier = { type: 'm.id.user', user: name };
    const body = { type: 'm.login.password', identifier, password: passwordOf(name) };
    return { name, token: (await this.ask('POST', '/login', { body })).access_token };
  }

  async createRoom({ token }: Person): Promise<string> {
    return (await this.ask('POST', '/createRoom', { token, body: { preset: 'public_chat' } })).room_id;
  }

  async join({ token }: Person, room: string): Promise<void> {
    await this.ask('POST', `/join/${encodeURIComponent(room)}`, { token, body: {} });
  }

  async say({ token }: Person, room: string, mark = ''): Promise<void> {
    const path = `/rooms/${encodeURIComponent(room)}/send/m.room.message/${this.#transactions++}`;
    await this.text('PUT', path, { token, body: { msgtype: 'm.text', body: `${TEXT} ${mark}` } });
  }

  sync({ token }: Person, { since, detail = 'lazy', timeout = 0 }: Sync = {}): Promise<string> {
    const filter = encodeURIComponent(JSON.stringify(FILTERS[detail]));
    const from = since === undefined ? '' : `&since=${encodeURIComponent(since)}`;
    return this.text('GET', `/sync?timeout=${timeout}&filter=${filter}${from}`, { token });
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

interface Call {
  readonly token?: string;
  readonly body?: unknown;
}

interface Sync {
  readonly since?: string;
  readonly detail?: Detail;
  readonly timeout?: number;
}

export interface Person {
  readonly name: string;
  readonly token: string;
}

const passwordOf = (name: string): string => `password of ${name}`;

/** Where the next sync goes on. */
export const nextBatch = (answer: string): string => {
  const token = /"next_batch":"([^"]+)"/.exec(answer)?.[1];
  if (token === undefined) throw new Error('a sync without a next_batch');
  return token;
};
