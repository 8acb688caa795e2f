import {
  ClientEvent,
  createClient,
  type ICreateClientOpts,
  type MatrixClient,
  type MatrixEvent,
  MatrixEventEvent,
  RoomEvent,
  SyncState,
} from 'matrix-js-sdk';
import { SlidingSync } from 'matrix-js-sdk/lib/sliding-sync.js';
import { type Logger, logger as sdkLogger } from 'matrix-js-sdk/lib/logger.js';

/** What it is underneath: a logger of the package loglevel. */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- parts of the SDK use it, whatever a client is given
const logger = sdkLogger as unknown as Logger & { methodFactory: () => () => void; rebuild: () => void };

const PASSWORD = 'correct horse battery';

interface Home {
  readonly url: string;
}

/** An account that there is. */
export interface SdkSession {
  readonly home: Home;
  readonly userId: string;
  readonly token: string;
  readonly deviceId: string;
}

export interface SdkOptions {
  readonly client?: Partial<ICreateClientOpts>;
  /** Follows by sliding sync in place of the classic one. */
  readonly sliding?: (client: MatrixClient) => SlidingSync;
  /** Before it starts: encryption, say. */
  readonly prepare?: (client: MatrixClient) => Promise<void>;
}

/** Clients of matrix-js-sdk, quiet ones, which end with this. */
export class JsSdk implements Disposable {
  readonly clients: MatrixClient[] = [];
  readonly #setTimeout = globalThis.setTimeout;

  constructor() {
    const { setTimeout } = globalThis;
    // A client that is stopped leaves time-outs of up to two minutes behind, which must not keep the tests from ending.
    const unheld = (...call: Parameters<typeof setTimeout>) => setTimeout(...call).unref();
    globalThis.setTimeout = Object.assign(unheld, { __promisify__: setTimeout.__promisify__ });
    // The SDK's loggers, of which every part has its own, take this from the first.
    logger.methodFactory = () => () => undefined;
    logger.rebuild();
  }

  /** An account made by the SDK, its client syncing. */
  async signUp(home: Home, username: string, options: SdkOptions = {}): Promise<MatrixClient> {
    const anybody = createClient({ baseUrl: home.url, logger });
    await anybody.registerRequest({ username, password: PASSWORD, auth: { type: 'm.login.dummy' } });
    return this.logIn(home, username, options);
  }

  /** Another device of an account, its client syncing. */
  async logIn(home: Home, user: string, options: SdkOptions = {}): Promise<MatrixClient> {
    const anybody = createClient({ baseUrl: home.url, logger });
    const session = await anybody.loginRequest({
      type: 'm.login.password',
      identifier: idOf(user),
      password: PASSWORD,
    });
    const { user_id: userId, access_token: token, device_id: deviceId } = session;
    return this.start({ home, userId, token, deviceId }, options);
  }

  /** Resolves once the first sync is in. */
  async start({ home, userId, token, deviceId }: SdkSession, options: SdkOptions = {}): Promise<MatrixClient> {
    const client = createClient({
      baseUrl: home.url,
      logger,
      userId,
      accessToken: token,
      deviceId,
      ...options.client,
    });
    await options.prepare?.(client);
    this.clients.push(client);
    const ready = new Promise<void>((resolve) => {
      client.on(ClientEvent.Sync, (state) => state === SyncState.Prepared && resolve());
    });
    const sliding = options.sliding?.(client);
    await client.startClient({ initialSyncLimit: 20, ...(sliding && { slidingSync: sliding }) });
    await ready;
    return client;
  }

  [Symbol.dispose](): void {
    for (const client of this.clients) client.stopClient();
    globalThis.setTimeout = this.#setTimeout;
  }
}

/** A list of two rooms at first, each with its newest message; those that are opened, with all of their state. */
export const slidingSyncOf = (baseUrl: string, client: MatrixClient): SlidingSync => {
  const required: string[][] = [
    ['m.room.name', ''],
    ['m.room.create', ''],
    ['m.room.member', '$LAZY'],
    ['m.room.member', '$ME'],
  ];
  const list = { ranges: [[0, 1]], timeline_limit: 1, required_state: required, filters: {} };
  const subscription = { timeline_limit: 50, required_state: [['*', '*']] };
  return new SlidingSync(baseUrl, new Map([['all', list]]), subscription, client, 10_000);
};

/** The proof that the account of a user who was signed up here asks for. */
export const passwordProof = (user: string) => ({
  type: 'm.login.password' as const,
  identifier: idOf(user),
  password: PASSWORD,
});

const idOf = (user: string) => ({ type: 'm.id.user' as const, user });

/** Resolves once a message is in the client's timeline, decrypted if it was not to be read. */
export const hears = (client: MatrixClient, room: string, text: string): Promise<MatrixEvent> =>
  new Promise((resolve) => {
    const isIt = (event: MatrixEvent) => event.getRoomId() === room && event.getContent()['body'] === text;
    const known = client.getRoom(room)?.getLiveTimeline().getEvents().find(isIt);
    if (known) return resolve(known);
    client.on(MatrixEventEvent.Decrypted, (event) => isIt(event) && resolve(event));
    client.on(RoomEvent.Timeline, (event) => isIt(event) && resolve(event));
  });

/** Resolves once the client knows that its user stands so to a room. */
export const hasMembership = (client: MatrixClient, roomId: string, membership: string): Promise<void> =>
  new Promise((resolve) => {
    const isIt = () => client.getRoom(roomId)?.getMyMembership() === membership;
    if (isIt()) return resolve();
    client.on(RoomEvent.MyMembership, () => isIt() && resolve());
    client.on(ClientEvent.Room, () => isIt() && resolve());
  });

/** Every message that a client's timeline was given in a room, as often as it was. */
export const textsHeard = (client: MatrixClient, room: string): string[] => {
  const texts: string[] = [];
  client.on(RoomEvent.Timeline, (event) => {
    const body = event.getContent()['body'] as string | undefined;
    if (event.getRoomId() === room && body !== undefined && !event.isSending()) texts.push(body);
  });
  return texts;
};
