import type { RoomId, UserId } from '@holm/spec/ids';
import {
  type Candidate,
  type LocalSummary,
  type RemoteSummaries,
  type RoomSummaries,
  type RoomSummary,
  type SpaceChild,
  type SpaceChildren,
  type SummaryAccess,
} from '../room-summaries/index.ts';
import { type Ahead, next, type Walk } from './walk.ts';

export interface FinderDeps {
  readonly summaries: Pick<RoomSummaries, 'byIds'>;
  readonly children: Pick<SpaceChildren, 'of'>;
  readonly remote: Pick<RemoteSummaries, 'of' | 'noteVia'>;
  readonly access: Pick<SummaryAccess, 'ofUser'>;
}

export interface Found {
  readonly summary: RoomSummary;
  readonly children: readonly SpaceChild[];
}

/** Rooms looked up together, ahead of the walk: here, and at other servers. */
const LOCAL_BATCH = 50;
const REMOTE_BATCH = 6;

/** Finds the rooms of one page: first what we have, then what other servers say. */
export class Finder {
  readonly #deps: FinderDeps;
  readonly #user: UserId;
  readonly #walk: Walk;
  /** `undefined`: the user may not know of it. */
  readonly #local = new Map<RoomId, Found | undefined>();
  readonly #remote = new Map<RoomId, Found | undefined>();
  /** Rooms that this server is not in. */
  readonly #elsewhere = new Set<RoomId>();
  /** What other servers said of the rooms in their spaces. */
  readonly #hints = new Map<RoomId, RoomSummary>();
  #asked = 0;

  constructor(deps: FinderDeps, user: UserId, walk: Walk) {
    this.#deps = deps;
    this.#user = user;
    this.#walk = walk;
  }

  /** How many times other servers had to be asked, or their answers remembered. */
  get asked(): number {
    return this.#asked;
  }

  /** Undefined for rooms that cannot be found, and for those that the user may not know of. */
  async find(entry: Ahead): Promise<Found | undefined> {
    if (!this.#local.has(entry.roomId) && !this.#elsewhere.has(entry.roomId)) await this.#lookHere(entry);
    if (this.#local.has(entry.roomId)) return this.#local.get(entry.roomId);
    if (!this.#remote.has(entry.roomId)) await this.#askOthers(entry);
    return this.#remote.get(entry.roomId);
  }

  async #lookHere(entry: Ahead): Promise<void> {
    const { summaries, access, children } = this.#deps;
    const wanted = [entry, ...next(this.#walk, LOCAL_BATCH)]
      .map(({ roomId }) => roomId)
      .filter((roomId) => !this.#local.has(roomId) && !this.#elsewhere.has(roomId));
    const found = await summaries.byIds(wanted);
    const visible = await access.ofUser(this.#user, [...found.values()]);
    const shown = [...found.values()].filter(({ summary }) => visible.has(summary.room_id));
    const inside = await children.of(shown, this.#walk.suggestedOnly);
    for (const roomId of wanted) {
      const local: LocalSummary | undefined = found.get(roomId);
      if (!local) this.#elsewhere.add(roomId);
      else if (!visible.has(roomId)) this.#local.set(roomId, undefined);
      else this.#local.set(roomId, { summary: local.summary, children: inside.get(local.room.nid) ?? [] });
    }
  }

  async #askOthers(entry: Ahead): Promise<void> {
    const wanted = [entry, ...next(this.#walk, LOCAL_BATCH).filter(({ roomId }) => this.#isWanted(roomId))].slice(
      0,
      REMOTE_BATCH,
    );
    const answers = await Promise.all(wanted.map((each) => this.#ask(each)));
    const visible = await this.#deps.access.ofUser(
      this.#user,
      answers.flatMap((answer) => answer ?? []),
    );
    wanted.forEach(({ roomId, via }, index) => {
      const answer = answers[index];
      const isShown = answer !== undefined && visible.has(roomId);
      this.#remote.set(roomId, isShown ? answer : undefined);
      if (isShown) this.#deps.remote.noteVia(this.#user, roomId, via);
    });
  }

  #isWanted(roomId: RoomId): boolean {
    return this.#elsewhere.has(roomId) && !this.#remote.has(roomId);
  }

  /** Ordinary rooms are what the space's server said; a space is asked for, because of what is in it. */
  async #ask({ roomId, via }: Ahead): Promise<(Candidate & Found) | undefined> {
    const hint = this.#hints.get(roomId);
    if (hint && hint.room_type !== 'm.space') return fromHint(hint);
    if (this.#walk.inaccessible.has(roomId)) return undefined;
    this.#asked += 1;
    const answer = await this.#deps.remote.of({ roomId, via, suggestedOnly: this.#walk.suggestedOnly });
    if (!answer) return hint && fromHint(hint);
    for (const [child, summary] of answer.childSummaries) this.#hints.set(child, summary);
    for (const child of answer.inaccessible) this.#walk.inaccessible.add(child);
    return answer;
  }
}

const fromHint = (summary: RoomSummary): Candidate & Found => ({
  summary,
  isKnockable: summary.join_rule === 'knock' || summary.join_rule === 'knock_restricted',
  children: [],
});
