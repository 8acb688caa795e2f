import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { mediaWorkerStatus, type CallGrant, type Calls } from '@holm/homeserver/features/calls/index';
import { systemClock } from '@holm/homeserver/platform/clock';
import { DeviceId, RoomId, UserId } from '@holm/spec/ids';
import { Person } from './people.ts';
import { TestServer } from './server.ts';

/** A worker, if this machine has one. */
export const hasMediaWorker = (): boolean => {
  const status = mediaWorkerStatus(process.env['MEDIASOUP_WORKER_BIN']);
  return status.state === 'ready' && existsSync(status.path);
};

interface CallHouseOptions {
  readonly workers?: number;
  /** More of the section `calls`. */
  readonly config?: object;
}

const PATIENCE_MS = 15_000;

/** A server whose calls are on, with people in one room. It lives by the real clock: browsers do. */
export class CallHouse implements AsyncDisposable {
  readonly server: TestServer;
  readonly host: Person;
  readonly room: string;

  private constructor(server: TestServer, host: Person, room: string) {
    this.server = server;
    this.host = host;
    this.room = room;
  }

  static async open({ workers = Math.min(2, availableParallelism()), config = {} }: CallHouseOptions = {}) {
    const worker = process.env['MEDIASOUP_WORKER_BIN'];
    const server = await TestServer.create({
      name: 'calls.test',
      clock: systemClock,
      overrides: {},
      config: {
        calls: { enabled: true, port: 0, addresses: ['127.0.0.1'], workers, ...(worker && { worker }), ...config },
      },
    });
    const host = await Person.register(server, 'host');
    const house = new CallHouse(server, host, await host.createRoom());
    await eventually(() => house.calls.problem === undefined, 'there can be calls');
    await house.calls.open();
    return house;
  }

  get calls(): Calls {
    const { calls } = this.server.running.services;
    if (!calls) throw new Error('calls are off');
    return calls;
  }

  /** Where livekit-client connects to. */
  get signallingUrl(): string {
    return `${this.server.url.replace('http', 'ws')}/livekit/sfu`;
  }

  /** Somebody who is in the room. */
  async guest(name: string): Promise<Person> {
    const guest = await Person.register(this.server, name);
    await guest.join(this.room);
    return guest;
  }

  grantFor(person: Person, call = 'call', more: Partial<CallGrant> = {}): CallGrant {
    return {
      identity: `${person.userId}:${person.deviceId}`,
      call,
      canPublish: true,
      member: {
        userId: UserId.parse(person.userId),
        deviceId: DeviceId.parse(person.deviceId),
        roomId: RoomId.parse(this.room),
      },
      ...more,
    };
  }

  tokenFor(person: Person, call?: string, more?: Partial<CallGrant>): string {
    return this.calls.tokens.mint(this.grantFor(person, call, more));
  }

  /** How many connections have come to this end. */
  connections(outcome: string): Promise<number> {
    return this.#counted('connections_total', { outcome });
  }

  /** How often clients asked for this and were refused. */
  refused(what: string): Promise<number> {
    return this.#counted('refused_total', { what });
  }

  async #counted(name: string, by: Readonly<Record<string, string>>): Promise<number> {
    const metric = this.server.running.services.metrics.registry.getSingleMetric(`holm_calls_${name}`);
    const { values } = (await metric?.get()) ?? { values: [] };
    return values.find(({ labels }) => Object.entries(by).every(([key, value]) => labels[key] === value))?.value ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

/** Waits for what a browser or a worker does in its own time. */
export const eventually = async (
  holds: () => boolean | Promise<boolean>,
  what: string,
  withinMs = PATIENCE_MS,
): Promise<void> => {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`in vain: ${what}`);
    await systemClock.sleep(50);
  }
};
