import { once } from 'node:events';
import { type ClientHead, type ServerHead } from '@holm/spec/extensions/websocket';
import { splitMessage, WEBSOCKET, writeMessage } from '@holm/spec/extensions/websocket-wire';
import { WebSocket } from 'ws';
import type { Person } from '../client.ts';
import type { Door, Follower } from './followers.ts';

const FILTER = JSON.stringify({ room: { state: { lazy_load_members: true } } });

/** `/v3/sync` pushed over a WebSocket for each, each answer acknowledged as soon as it has come. */
export const webSockets = (url: string): Door => ({
  name: 'WebSockets',
  open: (person) => new SocketFollower(url, person),
  close: () => Promise.resolve(),
});

/** One who follows over a socket. */
export class SocketFollower implements Follower {
  readonly #url: string;
  readonly #person: Person;
  #socket: WebSocket | undefined;
  #isStopping = false;
  /** Why the server, or the network, closed it. */
  lost: string | undefined;

  constructor(url: string, person: Person) {
    this.#url = url;
    this.#person = person;
  }

  async start(heard: (text: string) => void): Promise<void> {
    const socket = new WebSocket(`${this.#url.replace('http', 'ws')}${WEBSOCKET.path}`, WEBSOCKET.protocol, {
      perMessageDeflate: false,
    });
    this.#socket = socket;
    const say = (head: ClientHead) => socket.send(writeMessage(head));
    const isFollowing = Promise.withResolvers<void>();
    let isFirst = true;
    socket.on('message', (data: Buffer) => {
      const message = splitMessage(data.toString());
      const head = JSON.parse(message.head) as ServerHead;
      if (head.type === 'ready') return;
      if (head.type !== 'update') return isFollowing.reject(new Error(data.toString()));
      say({ type: 'ack', id: head.id, pos: head.pos });
      if (isFirst) isFollowing.resolve();
      else heard(message.payload);
      isFirst = false;
    });
    socket.on('error', (error) => isFollowing.reject(error));
    socket.on('close', (code, reason) => {
      if (!this.#isStopping) this.lost = `${code} ${reason.toString()}`;
      isFollowing.reject(new Error(`closed with ${code} ${reason.toString()}`));
    });
    await Promise.race([once(socket, 'open'), isFollowing.promise]);
    say({ type: 'auth', access_token: this.#person.token });
    say({ type: 'follow', id: 1, dialect: 'v3', query: { filter: FILTER } });
    await isFollowing.promise;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const socket = this.#socket;
    if (!socket || socket.readyState === socket.CLOSED) return;
    const closed = once(socket, 'close');
    socket.close(1000);
    await closed;
  }
}
