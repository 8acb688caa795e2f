import type { RoomId } from '@holm/spec/ids';
import { KeyedQueue } from '../../platform/keyed-queue.ts';
import type { Event } from '../../core/events/event.ts';
import { isDuplicate } from '../../storage/database.ts';
import type { StoredEvent, RoomNid } from '../model.ts';
import { assertMemberKnown } from '../partial/assert-member-known.ts';
import type { PartialRooms } from '../partial/partial-rooms.ts';
import type { Room } from '../room.ts';
import type { Rooms } from '../rooms.ts';
import type { PolicyServers } from '../policy/policy-servers.ts';
import type { Holds } from '../upkeep/holds.ts';
import { Change } from '../write/change.ts';
import { Chain, type ChainDeps } from './chain.ts';
import type { Draft } from './draft.ts';

/** Events of one room that are built and committed as one chain, at most. */
const MAX_CHAIN = 50;
/** How often a step is built again after somebody else has written to the room. */
const MAX_ATTEMPTS = 10;
/** How often another server is asked to sign while the room goes on. After that, the room waits for it. */
const UNHURRIED_ATTEMPTS = 2;

/** As `UNHURRIED_ATTEMPTS`, where it is the policy server that has to sign every event. */
const POLICED_ATTEMPTS = 5;

/** Has another server sign an event of ours. */
export type Cosign = (event: Event, room: Room) => Promise<Event>;

interface Waiting {
  readonly draft: Draft;
  readonly resolve: (event: StoredEvent) => void;
  readonly reject: (error: unknown) => void;
}

/** Nobody but the policy server has to sign. */
const asItIs: Cosign = (event) => Promise.resolve(event);

export interface SenderDeps extends ChainDeps {
  readonly policies: Pick<PolicyServers, 'of' | 'sign'>;
  readonly rooms: Rooms;
  readonly holds: Pick<Holds, 'assertOpen'>;
  readonly partial: PartialRooms;
  /** One step of a room at a time. */
  readonly queue: KeyedQueue<RoomNid>;
}

/** Sends events of this server's users. In a busy room those that wait are committed together. */
export class Sender {
  readonly #deps: SenderDeps;
  readonly #waiting = new Map<RoomNid, Waiting[]>();
  /** Events that a policy server is asked about, one after the other: each is built on the one before. */
  readonly #policed = new KeyedQueue<RoomNid>();

  constructor(deps: SenderDeps) {
    this.#deps = deps;
  }

  /** Resolves once the event is durable. Refusals of the room's rules are M_FORBIDDEN. */
  async send(roomId: RoomId, draft: Draft): Promise<StoredEvent> {
    const room = await this.#open(roomId);
    await assertMemberKnown(this.#deps, room, draft);
    if (await this.#deps.policies.of(room, draft)) {
      return this.#policed.run(room.nid, () => this.sendCosigned(roomId, draft, asItIs));
    }
    const { promise, resolve, reject } = Promise.withResolvers<StoredEvent>();
    const waiting = this.#waiting.get(room.nid);
    if (waiting) waiting.push({ draft, resolve, reject });
    else {
      this.#waiting.set(room.nid, [{ draft, resolve, reject }]);
      void this.#deps.queue.run(room.nid, () => this.#drain(room.nid, roomId));
    }
    return promise;
  }

  /** Several events one after the other, all of them or none; but where a policy server is asked, as far as it agrees. */
  async sendAll(roomId: RoomId, drafts: readonly Draft[]): Promise<StoredEvent[]> {
    const { policies, queue } = this.#deps;
    const room = await this.#open(roomId);
    for (const draft of drafts) await assertMemberKnown(this.#deps, room, draft);
    const [first] = drafts;
    if (!first || !(await policies.of(room, first))) return queue.run(room.nid, () => this.buildAll(roomId, drafts));
    const sent: StoredEvent[] = [];
    for (const draft of drafts) sent.push(await this.send(roomId, draft));
    return sent;
  }

  /** As `sendAll`, for who is in the room's queue already. */
  async buildAll(roomId: RoomId, drafts: readonly Draft[]): Promise<StoredEvent[]> {
    return this.#attempt(roomId, async (chain) => {
      const events: StoredEvent[] = [];
      for (const draft of drafts) events.push(await chain.add(draft));
      return events;
    });
  }

  /** The event that `draft` would be now, signed by us but not sent: a template for who is to sign it in our stead. */
  async propose(roomId: RoomId, draft: Draft): Promise<Event> {
    const room = await this.#open(roomId);
    return (await new Chain(this.#deps, new Change(room, room.head)).prepare(draft)).event;
  }

  /**
   * Sends an event that is not valid, or not welcome, before another server has signed it. Where the room has a policy
   * server, it is the first to be asked.
   */
  async sendCosigned(roomId: RoomId, draft: Draft, cosign: Cosign): Promise<StoredEvent> {
    const { queue, rooms, policies } = this.#deps;
    const joined = await this.#open(roomId);
    await assertMemberKnown(this.#deps, joined, draft);
    const policy = await policies.of(joined, draft);
    const sign: Cosign = policy ? async (event, room) => cosign(await policies.sign(event, policy), room) : cosign;
    for (let attempt = 1; attempt <= (policy ? POLICED_ATTEMPTS : UNHURRIED_ATTEMPTS); attempt++) {
      const room = await rooms.joined(roomId);
      const early = new Chain(this.#deps, new Change(room, room.head));
      const prepared = await early.prepare(draft);
      if (prepared.same) return prepared.same;
      const event = await sign(prepared.event, room);
      const sent = await queue.run(joined.nid, () =>
        this.#attempt(roomId, async (chain) =>
          chain.isFitFor(prepared, early) ? chain.addPrepared({ ...prepared, event }) : undefined,
        ),
      );
      if (sent) return sent;
    }
    return queue.run(joined.nid, () =>
      this.#attempt(roomId, async (chain, room) => {
        const prepared = await chain.prepare(draft);
        return prepared.same ?? chain.addPrepared({ ...prepared, event: await sign(prepared.event, room) });
      }),
    );
  }

  /** M_FORBIDDEN for a room in quarantine. */
  #open(roomId: RoomId) {
    this.#deps.holds.assertOpen(roomId);
    return this.#deps.rooms.joined(roomId);
  }

  async #drain(nid: RoomNid, roomId: RoomId): Promise<void> {
    const waiting = this.#waiting.get(nid) ?? [];
    const batch = waiting.splice(0, MAX_CHAIN);
    if (waiting.length === 0) this.#waiting.delete(nid);
    else void this.#deps.queue.run(nid, () => this.#drain(nid, roomId));
    await this.#sendTogether(roomId, batch);
  }

  async #sendTogether(roomId: RoomId, batch: readonly Waiting[]): Promise<void> {
    try {
      const outcomes = await this.#attempt(roomId, async (chain) => {
        const built: (() => void)[] = [];
        for (const { draft, resolve, reject } of batch) {
          try {
            const event = await chain.add(draft);
            built.push(() => resolve(event));
          } catch (error) {
            built.push(() => reject(error));
          }
        }
        return built;
      });
      for (const settle of outcomes) settle();
    } catch (error) {
      if (batch.length === 1 || !isDuplicate(error)) for (const { reject } of batch) reject(error);
      // One of them is the repetition of an earlier request. That is nothing to the others.
      else for (const one of batch) await this.#sendTogether(roomId, [one]);
    }
  }

  /** Builds on the newest head, commits, and starts again when the head has moved meanwhile. */
  async #attempt<T>(roomId: RoomId, build: (chain: Chain, room: Room) => Promise<T>): Promise<T> {
    const { rooms, committer } = this.#deps;
    for (let attempt = 1; ; attempt++) {
      const room = await rooms.joined(roomId);
      if (!room.members.loaded) await room.members.load(this.#deps.signer.server);
      const change = new Change(room, room.head);
      const chain = new Chain(this.#deps, change);
      let result: T;
      try {
        result = await build(chain, room);
      } catch (error) {
        committer.abandon(change, chain.positions);
        throw error;
      }
      if (change.isEmpty || (await committer.commit(change, chain.positions))) return result;
      rooms.drop(room.nid);
      if (attempt === MAX_ATTEMPTS) throw new Error(`room ${roomId} moved on ${attempt} times while an event was sent`);
    }
  }
}
