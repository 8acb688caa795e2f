import { PATIENCE_MS } from './http.ts';
import { type NetworkOptions, TestNetwork } from './network.ts';
import type { Person } from './people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/** How often the server looks after its sockets. */
const LOOK_MS = 2_500;

/** A server, and two people in a room on it. */
export class SocketScene implements AsyncDisposable {
  readonly network: TestNetwork;
  alice!: Person;
  bob!: Person;
  room = '';

  private constructor(network: TestNetwork) {
    this.network = network;
  }

  static async start(config: object = {}, more: Pick<NetworkOptions, 'clockOf'> = {}): Promise<SocketScene> {
    return new SocketScene(await TestNetwork.with({ names: ['a.test'], config, ...more }));
  }

  /** Two people and a room that nobody has been in before. */
  async refresh(): Promise<void> {
    const { network } = this;
    [this.alice, this.bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    this.room = await this.alice.createRoom();
    await this.bob.join(this.room);
  }

  get services() {
    return this.network.server('a.test').running.services;
  }

  get sockets() {
    return this.services.sockets!;
  }

  /** Lets time pass, with the server looking after its sockets all the while. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= LOOK_MS) {
      this.network.clock.advance(Math.min(left, LOOK_MS));
      await pause();
    }
  }

  /** Until so many readers wait for something to happen, each of whom has found that nothing has yet. */
  async waiting(count: number): Promise<void> {
    const { notifier, syncing } = this.services;
    await until(
      () => notifier.size === count && syncing.deadlines.size === count,
      () => `${notifier.size} listen, ${syncing.deadlines.size} wait, not ${count}`,
    );
  }

  /** Until so many sockets are open. */
  async open(count: number, meanwhile?: () => Promise<void>): Promise<void> {
    await until(
      () => this.sockets.size === count,
      () => `${this.sockets.size} are open, not ${count}`,
      meanwhile,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]();
  }
}

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 2));

const until = async (isSo: () => boolean, describe: () => string, meanwhile = pause): Promise<void> => {
  const end = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(describe());
    await meanwhile();
  }
};

/** What `person` would go on from now. */
export const sinceOf = async (person: Person): Promise<string> => {
  await person.view.sync();
  return person.view.since!;
};

/** The messages of a room in an answer of `/v3/sync`. */
export const textsIn = (body: any, room: string): string[] =>
  (body.rooms?.join?.[room]?.timeline?.events ?? []).flatMap(({ content }: any) => content.body ?? []);
