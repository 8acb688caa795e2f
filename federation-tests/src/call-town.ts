import type { Calls } from '@holm/homeserver/features/calls/index';
import type { Session } from '@holm/homeserver/features/calls/livekit/session';
import { systemClock } from '@holm/homeserver/platform/clock';
import { eventually } from './call-house.ts';
import { TestNetwork } from './network.ts';
import { Link } from './partition.ts';
import { type Person, pathOf } from './people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const MEMBER_STATE = 'org.matrix.msc3401.call.member';
const MEMBER_STICKY = 'org.matrix.msc4143.rtc.member';

/** Servers with calls, at addresses that browsers reach and that they tell their clients. They live by the real clock. */
export class CallTown implements AsyncDisposable {
  readonly #network: TestNetwork;
  readonly #names: readonly string[];
  readonly #fronts: ReadonlyMap<string, Link>;

  private constructor(network: TestNetwork, names: readonly string[], fronts: ReadonlyMap<string, Link>) {
    this.#network = network;
    this.#names = names;
    this.#fronts = fronts;
  }

  static async open(...names: string[]): Promise<CallTown> {
    const worker = process.env['MEDIASOUP_WORKER_BIN'];
    const calls = { enabled: true, port: 0, addresses: ['127.0.0.1'], workers: 1, ...(worker && { worker }) };
    const fronts = new Map<string, Link>();
    for (const name of names) fronts.set(name, await Link.open());
    const network = await TestNetwork.with({
      names,
      config: { calls },
      configOf: (name) => ({ public_base_url: fronts.get(name)!.url }),
      clockOf: () => systemClock,
    });
    for (const [name, front] of fronts) front.leadTo(network.server(name).port);
    const town = new CallTown(network, names, fronts);
    for (const name of names) {
      await eventually(() => town.calls(name).problem === undefined, 'the media workers run', 30_000);
    }
    return town;
  }

  calls(name: string): Calls {
    return this.#network.server(name).running.services.calls!;
  }

  /** What servers have logged as errors of their own. */
  get errors(): readonly string[] {
    return this.#names.flatMap((name) => this.#network.server(name).errors);
  }

  /** Whom the browser of somebody is to ask. */
  address(person: Person): string {
    return this.#fronts.get(person.home.name)!.url;
  }

  person(name: string, server = this.#names[0]!): Promise<Person> {
    return this.#network.person(name, server);
  }

  /** A room in which everybody may call, as Element makes them; encrypted, as far as clients do that. */
  async createRoom(host: Person): Promise<string> {
    return host.createRoom({
      preset: 'public_chat',
      name: 'Call',
      initial_state: [{ type: 'm.room.encryption', state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } }],
      power_level_content_override: { events: { [MEMBER_STATE]: 0 } },
    });
  }

  /** Everybody who is connected to an SFU: once for each that they are connected to. */
  sessions(name?: string): readonly Session[] {
    const names = name === undefined ? this.#names : [name];
    return names.flatMap((each) => [...this.calls(each).sessions()]).filter(({ hasBegun }) => hasBegun);
  }

  isConnected({ userId }: Person): boolean {
    return this.sessions().some(({ grant }) => grant.member.userId === userId);
  }

  /** Who a participant is, by the id that their SFU gave them. */
  userOf(participantId: string): string | undefined {
    return this.sessions().find(({ participant }) => participant.id === participantId)?.grant.member.userId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network[Symbol.asyncDispose]();
    for (const front of this.#fronts.values()) await front[Symbol.asyncDispose]();
  }
}

/** Who is in the call of a room by the events that somebody sees in it, and how they say so. */
export const membersOf = async (room: string, observer: Person) => {
  const state: any[] = await observer.ask('GET', `${pathOf(room)}/state`);
  const byState = state.filter(({ type, content }) => type === MEMBER_STATE && 'application' in content);
  const stuck = new Map<string, any>();
  for (const event of await stickyEvents(room, observer)) {
    if (event.type === MEMBER_STICKY) stuck.set(`${event.sender} ${event.content.msc4354_sticky_key}`, event);
  }
  const bySticky = [...stuck.values()].filter(({ content }) => 'application' in content);
  return { byState: sendersOf(byState), bySticky: sendersOf(bySticky) };
};

const sendersOf = (events: readonly any[]): string[] => events.map(({ sender }) => sender as string).sort();

/** In the order in which they were sent, by the clocks of their senders' servers. */
const stickyEvents = async (room: string, observer: Person): Promise<readonly any[]> => {
  const { rooms } = await observer.ask('GET', '/sync');
  const { timeline, msc4354_sticky: sticky } = rooms.join[room];
  const events: any[] = [...(sticky?.events ?? []), ...timeline.events.filter((event: any) => event.msc4354_sticky)];
  return events.sort((one, other) => one.origin_server_ts - other.origin_server_ts);
};
