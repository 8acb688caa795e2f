import { isDeepStrictEqual } from 'node:util';
import { EventId, type ServerName, serverOf, UserId } from '@holm/spec/ids';
import { MatrixError } from '@holm/spec/errors';
import type { AuthState } from '../../core/auth/auth-state.ts';
import { authorise } from '../../core/auth/authorise.ts';
import { namedLevel, powerLevelOf } from '../../core/auth/power-levels.ts';
import { authStateKeys, stateToAuthorise } from '../../core/auth/selection.ts';
import { buildEvent, type Signer } from '../../core/events/build.ts';
import { isHidden } from '../../core/events/dummy.ts';
import type { Event } from '../../core/events/event.ts';
import { stateKey as keyString } from '../../core/state/state-key.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Entropy, token } from '../../platform/entropy.ts';
import type { Position } from '../../streams/stream.ts';
import type { Numbers } from '../../storage/numbers.ts';
import type { Committer } from '../commit.ts';
import type { Events } from '../events.ts';
import { MAX_PREV_EVENTS } from '../extremities/bounds.ts';
import type { Extremity, StoredEvent } from '../model.ts';
import { authStateOf, type States, type StateView } from '../state/states.ts';
import type { Tries } from '../state/tries.ts';
import { otherServers } from '../members/room-members.ts';
import type { Change } from '../write/change.ts';
import type { CommittedMember } from '../write/member-changes.ts';
import { dateAfter } from './date.ts';
import type { Draft } from './draft.ts';

/** More numbers than can be taken while the next block is being fetched. */
const NIDS_AT_HAND = 1_000;

export interface ChainDeps {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly signer: Signer;
  readonly states: States;
  readonly events: Events;
  readonly tries: Tries;
  readonly nids: Numbers;
  readonly committer: Committer;
}

/** What is left of these would shut everybody out, or be no room. */
const PROTECTED: ReadonlySet<string> = new Set(['m.room.create', 'm.room.server_acl']);

/** An event that is ready to be added to the state that it was built from. */
export interface Prepared {
  readonly event: Event;
  readonly draft: Draft;
  readonly view: StateView;
  /** What there is already and says the same. */
  readonly same: StoredEvent | undefined;
  /** What the event redacts. */
  readonly target: StoredEvent | undefined;
}

/** Builds events of ours, one on top of the other, from the room's current state. */
export class Chain {
  readonly #deps: ChainDeps;
  readonly #change: Change;
  readonly positions: Position[] = [];

  constructor(deps: ChainDeps, change: Change) {
    this.#deps = deps;
    this.#change = change;
  }

  /**
   * Adds an event. Throws M_FORBIDDEN when the room's rules refuse it, and leaves the chain as it was.
   * State that is set to what it already is makes no new event.
   */
  async add(draft: Draft): Promise<StoredEvent> {
    return this.addPrepared(await this.prepare(draft));
  }

  /** The event as `add` would add it now. */
  async prepare(draft: Draft): Promise<Prepared> {
    const { states } = this.#deps;
    const { room, head } = this.#change;
    const keys = stateToAuthorise(room.version, { ...draft, stateKey: draft.stateKey });
    const replaced = draft.stateKey === undefined ? undefined : ([draft.type, draft.stateKey] as const);
    const view = await states.view(room, head.snapshot, replaced ? [...keys, replaced] : keys, this.#change);
    const event = this.#build(draft, view);
    const state = authStateOf(view);
    const verdict = authorise(event, state);
    if (!verdict.allowed) throw new MatrixError('M_FORBIDDEN', verdict.reason);
    const target = event.type === 'm.room.redaction' ? await this.#redactable(event, state) : undefined;
    const before = replaced && view.get(keyString(...replaced));
    return { event, draft, view, target, same: before && isSame(before, event) ? before : undefined };
  }

  /**
   * Whether what was prepared on another chain's head is still right on the one that this chain starts from. A message
   * may fork off what was said meanwhile, as long as the room's state is the same; what changes the state may not.
   */
  isFitFor({ event }: Prepared, other: Chain): boolean {
    const [here, there] = [this.#change.base, other.#change.base];
    if (here.version === there.version) return true;
    return event.stateKey === undefined && here.snapshot === there.snapshot;
  }

  /** Adds an event that was prepared on this very state: by this chain, or by another one of the same version. */
  async addPrepared({ event, draft, view, same, target }: Prepared): Promise<StoredEvent> {
    if (same) return same;
    const stored = await this.#place(event, draft, view);
    draft.placed?.(stored.nid);
    if (target) this.#change.redact(target, stored.nid);
    return stored;
  }

  /** Adds the first event of a new room, which comes ready: it may give the room its id. */
  async addCreate(event: Event): Promise<StoredEvent> {
    const verdict = authorise(event, () => undefined);
    if (!verdict.allowed) throw new MatrixError('M_FORBIDDEN', verdict.reason);
    return this.#place(event, {}, new Map());
  }

  /**
   * The target of a redaction. Clients may redact what they sent themselves, and with enough power anything: stricter
   * than what other servers are held to, who vouch for their own users.
   */
  async #redactable(redaction: Event, state: AuthState): Promise<StoredEvent> {
    const { sender, redacts } = redaction;
    const target = redacts === undefined ? undefined : await this.#deps.events.byId(redacts);
    if (!target || target.roomNid !== this.#change.room.nid) {
      throw new MatrixError('M_NOT_FOUND', 'there is no such event in this room');
    }
    if (PROTECTED.has(target.event.type) && target.event.stateKey !== undefined) {
      throw new MatrixError('M_FORBIDDEN', `without its ${target.event.type} the room would not work`);
    }
    if (target.event.sender !== sender && powerLevelOf(sender, state) < namedLevel(state, 'redact')) {
      throw new MatrixError('M_FORBIDDEN', 'you may redact only what you sent yourself');
    }
    return target;
  }

  #build(draft: Draft, view: StateView): Event {
    const { clock, entropy, signer } = this.#deps;
    const { room, head } = this.#change;
    const { version } = room;
    // More than that are left only where nobody of ours could join them; the deepest say the most.
    const tips = newestFirst(head.extremities).slice(0, MAX_PREV_EVENTS);
    const authEvents = authStateKeys(version, { ...draft, stateKey: draft.stateKey }).flatMap((key) => {
      const event = view.get(keyString(...key));
      return event ? [event.event.eventId] : [];
    });
    return buildEvent(
      {
        version,
        roomId: draft.type === 'm.room.create' && version.roomIds === 'create hash' ? undefined : room.roomId,
        eventId: version.eventIds === 'supplied' ? newEventId(entropy, signer.server) : undefined,
        type: draft.type,
        sender: draft.sender,
        stateKey: draft.stateKey,
        content: draft.content,
        prevEvents: tips.map(({ eventId }) => eventId),
        authEvents,
        depth: Math.max(0, ...tips.map(({ depth }) => depth)) + 1,
        sentAt: draft.sentAt ?? (draft.stateKey === undefined ? clock.now() : dateAfter(view.values(), clock.now())),
        redacts: draft.redacts,
        sticky: draft.sticky,
      },
      signer,
    );
  }

  async #place(event: Event, { txn }: Pick<Draft, 'txn'>, view: StateView): Promise<StoredEvent> {
    const { nids, tries, committer } = this.#deps;
    const change = this.#change;
    const { snapshot } = change.head;
    const before = event.stateKey === undefined ? undefined : view.get(keyString(event.type, event.stateKey));
    const destinations = this.#destinations(event);
    await nids.ensure(NIDS_AT_HAND);
    const nid = nids.take();
    const key = event.stateKey === undefined ? undefined : change.keyNumber([event.type, event.stateKey]);
    const next = key === undefined ? undefined : await tries.change(snapshot, new Map([[key, nid]]));
    const position = await committer.claim();
    this.positions.push(position);
    // From here on nothing waits or fails: an event is in the chain with its state, or not at all.
    const stored = change.place(event, {
      nid,
      status: 'accepted',
      snapshot,
      position,
      isHidden: isHidden(event),
      replaces: before?.nid,
      authNumbers: authNumbers(event, view),
    });
    const others = change.head.extremities.filter(({ eventId }) => !event.prevEvents.includes(eventId));
    change.setExtremities([...others, { nid, eventId: event.eventId, depth: event.depth }]);
    if (key !== undefined && next !== undefined) {
      change.addRows(next.rows);
      change.setCurrent(next.snapshot, position, [[key, before, stored]]);
    }
    if (txn) change.txns.push([txn, nid]);
    if (destinations.length > 0) change.outbox.push({ position, eventNid: nid, destinations });
    return stored;
  }

  /** Servers in the room before the event hear of it, so that those whose last user it removes do, too. */
  #destinations({ type, stateKey, content }: Event): readonly ServerName[] {
    const us = this.#deps.signer.server;
    const servers = this.#change.room.members.loaded?.servers;
    if (!servers) throw new Error('the members of the room are not loaded');
    const others = otherServers(joinedAfter(servers, this.#change.members), us);
    // Whose invite is taken back learns of it, though their server may have nobody in the room.
    const { membership } = content;
    const removed = type === 'm.room.member' && (membership === 'leave' || membership === 'ban');
    if (!removed || !UserId.is(stateKey)) return others;
    const server = serverOf(stateKey);
    return server === us || others.includes(server) ? others : [...others, server];
  }
}

/** Whose last user an earlier event of the chain has removed hears nothing of the next one. */
const joinedAfter = (
  servers: ReadonlyMap<ServerName, number>,
  changes: readonly CommittedMember[],
): ReadonlyMap<ServerName, number> => {
  if (changes.length === 0) return servers;
  const joined = new Map(servers);
  for (const { server, membership, before } of changes) {
    const count = (joined.get(server) ?? 0) + Number(membership === 'join') - Number(before === 'join');
    if (count > 0) joined.set(server, count);
    else joined.delete(server);
  }
  return joined;
};

const newestFirst = (extremities: readonly Extremity[]): readonly Extremity[] =>
  extremities.length <= 1 ? extremities : extremities.toSorted((a, b) => b.depth - a.depth);

const isSame = ({ event, redactedBy }: StoredEvent, next: Event): boolean =>
  redactedBy === undefined && event.sender === next.sender && isDeepStrictEqual(event.content, next.content);

const authNumbers = (event: Event, view: StateView): readonly number[] | undefined => {
  const numbers = new Map([...view.values()].map((stored) => [stored.event.eventId, stored.authNumber]));
  const edges = event.authEvents.map((id) => numbers.get(id));
  return edges.every((number) => number !== undefined) ? edges : undefined;
};

export const newEventId = (entropy: Entropy, server: ServerName): EventId =>
  EventId.parse(`$${token(entropy, 24)}:${server}`);
