import { Pool } from 'undici';
import { nextBatch, type Person } from '../client.ts';

/** Somebody who follows by one of the doors. */
export interface Follower {
  /** Resolves once it waits for what is new. */
  start(heard: (text: string) => void): Promise<void>;
  stop(): Promise<void>;
}

export interface Door {
  readonly name: string;
  open(person: Person): Follower;
  close(): Promise<void>;
}

const TIMEOUT_MS = 30_000;
/** More than are said in a room while somebody is busy with an answer. */
const TIMELINE = 50;
const FILTER = encodeURIComponent(
  JSON.stringify({ room: { state: { lazy_load_members: true }, timeline: { limit: TIMELINE } } }),
);
const SLIDING = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';
const PLACE = /"pos":"([^"]+)"/;
const TO_DEVICE = /"next_batch":"([^"]+)"/;

/** Asks, again and again, from where the answer before ended. */
const poller = (ask: (since: string | undefined, signal: AbortSignal) => Promise<Heard>): Follower => {
  const over = new AbortController();
  let following: Promise<void> = Promise.resolve();
  const follow = async (from: string, heard: (text: string) => void): Promise<void> => {
    for (let since = from; !over.signal.aborted;) {
      const answer = await ask(since, over.signal);
      since = answer.since;
      heard(answer.text);
    }
  };
  return {
    async start(heard) {
      const { since } = await ask(undefined, over.signal);
      following = follow(since, heard).catch((error: unknown) => {
        if (!over.signal.aborted) throw error;
      });
    },
    async stop() {
      over.abort();
      await following;
    },
  };
};

interface Heard {
  readonly text: string;
  readonly since: string;
}

const waiting = (since: string | undefined): number => (since === undefined ? 0 : TIMEOUT_MS);

/** `GET /sync`, as most clients do. */
export const longPolls = (url: string): Door => {
  const pool = new Pool(url, { connections: null, pipelining: 1 });
  const ask = async ({ token }: Person, since: string | undefined, signal: AbortSignal): Promise<Heard> => {
    const from = since === undefined ? '' : `&since=${since}`;
    const path = `/_matrix/client/v3/sync?timeout=${waiting(since)}&filter=${FILTER}${from}`;
    const headers = { authorization: `Bearer ${token}` };
    const answer = await pool.request({ method: 'GET', path, headers, signal });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${text}`);
    return { text, since: nextBatch(text) };
  };
  return {
    name: 'long polls',
    open: (person) => poller((since, signal) => ask(person, since, signal)),
    close: () => pool.destroy(),
  };
};

/** Sliding sync as Element X does: its first twenty rooms, and what goes with them. */
export const slidingPolls = (url: string): Door => {
  const pool = new Pool(url, { connections: null, pipelining: 1 });
  const required_state = [
    ...['m.room.name', 'm.room.encryption', 'm.room.avatar', 'm.room.create'].map((type) => [type, '']),
    ['m.room.member', '$LAZY'],
    ['m.room.member', '$ME'],
  ];
  const enabled = { enabled: true };
  const extensions = { e2ee: enabled, account_data: enabled, receipts: enabled, typing: enabled };
  const lists = { all: { ranges: [[0, 19]], timeline_limit: TIMELINE, required_state } };
  const ask = async ({ token }: Person, place: string | undefined, signal: AbortSignal): Promise<Heard> => {
    const [since, told] = place?.split(' ') ?? [];
    const from = since === undefined ? '' : `&pos=${since}`;
    const to_device = { enabled: true, since: told };
    const body = JSON.stringify({ conn_id: 'bench', lists, extensions: { ...extensions, to_device } });
    const path = `${SLIDING}?timeout=${waiting(since)}${from}`;
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const answer = await pool.request({ method: 'POST', path, headers, body, signal });
    const text = await answer.body.text();
    const pos = PLACE.exec(text)?.[1];
    if (answer.statusCode !== 200 || pos === undefined) throw new Error(`${answer.statusCode} ${text}`);
    return { text, since: `${pos} ${TO_DEVICE.exec(text)?.[1]}` };
  };
  return {
    name: 'sliding polls',
    open: (person) => poller((since, signal) => ask(person, since, signal)),
    close: () => pool.destroy(),
  };
};
