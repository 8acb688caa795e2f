import type { Background } from '../../../platform/background.ts';
import type { Clock } from '../../../platform/clock.ts';
import { type Entropy, token } from '../../../platform/entropy.ts';
import type { CallMedia } from '../media/media-worker-process.ts';
import { Branch } from './branch.ts';
import { Branches, type NoPlace } from './branches.ts';
import type { ChannelNames } from './data-channels.ts';
import type { CloseReason, DataChannel, ParticipantEvents } from './events.ts';
import { type Arrival, type Call, Participant } from './participant.ts';
import { Police, type SendingLimits } from './police.ts';
import { highestWanted } from './quality.ts';
import type { Track, TrackDescription } from './track.ts';

export interface CallRoomDeps {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly background: Background;
  /** What the data channels are called. */
  readonly channels: ChannelNames;
  readonly sending: SendingLimits;
  /** A place on a worker that is none of these. */
  readonly openMedia: (besides: readonly CallMedia[]) => Promise<CallMedia | NoPlace>;
}

const ID_LENGTH = 12;
/** Layers come back at once, but go only when nobody has wanted them for that long. */
const UNWANTED_AFTER_MS = 3_000;

/** A call: those who are in it, and the media between them. It ends with the last one. */
export class CallRoom implements Call {
  readonly id: string;
  readonly name: string;
  readonly startedAt: number;
  readonly participants = new Map<string, Participant>();
  readonly #deps: CallRoomDeps;
  readonly #branches: Branches;
  readonly #ended: () => void;
  readonly #told = new WeakMap<Track, number>();
  /** Of which tracks layers are about to be let go. */
  readonly #lettingGo = new WeakSet<Track>();
  readonly #over = new AbortController();
  /** Arrivals under way, which keep it open. */
  #arriving = 0;
  #isClosed = false;

  constructor(deps: CallRoomDeps, name: string, ended: () => void) {
    this.#deps = deps;
    this.#ended = ended;
    this.id = this.#newId('RM_');
    this.name = name;
    this.startedAt = deps.clock.now();
    this.#branches = new Branches({
      openMedia: deps.openMedia,
      open: (media) =>
        Branch.open(media, {
          channels: deps.channels,
          speakersChanged: (changed) => this.tell((events) => events.speakersChanged(changed)),
        }),
      lost: (branch) => this.#lost(branch),
    });
    const police = new Police(deps.clock, deps.sending);
    this.inBackground('look at what is sent', () => police.watch(() => this.participants.values(), this.#over.signal));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** On how many workers it is. */
  get breadth(): number {
    return this.#branches.all.length;
  }

  /** Lets somebody in, in place of whoever was here under the same identity. `lost` is what may be tried again. */
  async join(arrival: Arrival): Promise<Participant | NoPlace | 'lost'> {
    this.#arriving += 1;
    let branch: Branch | undefined;
    try {
      const place = await this.#branches.enter(this.participants.get(arrival.identity)?.branch);
      if (typeof place === 'string') return place;
      branch = place;
      const participant = await this.#letIn(arrival, branch);
      if (participant !== 'lost') branch = undefined;
      return participant;
    } catch (error) {
      if (branch?.isClosed) return 'lost';
      throw error;
    } finally {
      if (branch) this.#branches.leave(branch);
      this.#arriving -= 1;
      this.#endIfEmpty();
    }
  }

  async #letIn(arrival: Arrival, branch: Branch): Promise<Participant | 'lost'> {
    const [upstream, downstream] = await Promise.all([branch.connect(), branch.connect()]);
    await upstream.setMaxIncomingBitrate(this.#deps.sending.participantBitrate);
    if (this.isClosed || branch.isClosed) return 'lost';
    this.participants.get(arrival.identity)?.close('replaced');
    const participant = new Participant(arrival, {
      id: this.#newId('PA_'),
      joinedAt: this.#deps.clock.now(),
      room: this,
      branch,
      upstream,
      downstream,
    });
    this.participants.set(arrival.identity, participant);
    return participant;
  }

  others(of: Pick<Participant, 'id'>): Participant[] {
    return [...this.participants.values()].filter(({ id }) => id !== of.id);
  }

  tell(what: (events: ParticipantEvents) => void): void {
    for (const { events } of this.participants.values()) what(events);
  }

  offer(track: Track): void {
    for (const other of this.others(track.owner)) {
      if (!other.wantsAll) continue;
      const isOver = () => other.isClosed || track.isOver;
      this.inBackground('subscribe to a track', () => other.subscribe(track), isOver);
    }
  }

  findTrack(trackId: string): Track | undefined {
    for (const { tracks } of this.participants.values()) {
      const track = tracks.get(trackId);
      if (track) return track;
    }
    return undefined;
  }

  relay(to: readonly Participant[], channel: DataChannel, message: Buffer): void {
    this.inBackground('pass a message on', () => Promise.all(to.map((other) => other.send(channel, message))));
  }

  weighWishes(track: Track): void {
    if (track.description.kind !== 'video' || track.owner.isClosed) return;
    const highest = this.#highestWanted(track);
    const told = this.#told.get(track);
    if (told === undefined || highest > told) this.#tellWanted(track, highest);
    else if (highest < told && !this.#lettingGo.has(track)) {
      this.#lettingGo.add(track);
      this.inBackground('let layers go', async () => {
        await this.#deps.clock.sleep(UNWANTED_AFTER_MS, this.#over.signal);
        this.#lettingGo.delete(track);
        if (!this.isClosed) this.#tellWanted(track, this.#highestWanted(track));
      });
    }
  }

  #highestWanted({ takers, description }: Track): number {
    return highestWanted(
      [...takers].map(({ wish }) => wish),
      description.layers,
    );
  }

  #tellWanted(track: Track, highest: number): void {
    if (track.owner.isClosed || this.#told.get(track) === highest) return;
    this.#told.set(track, highest);
    track.owner.events.layersWanted(track, highest);
  }

  newTrackId({ kind, source }: TrackDescription): string {
    const letter = source === 'screen' ? 'S' : kind === 'video' ? 'V' : 'A';
    return this.#newId(`TR_${source === 'camera' ? 'C' : letter}`);
  }

  #newId(prefix: string): string {
    return prefix + token(this.#deps.entropy, ID_LENGTH).replaceAll(/[-_]/g, 'x');
  }

  inBackground(name: string, work: () => Promise<unknown>, isOver = (): boolean => this.isClosed): void {
    this.#deps.background.run(name, async () => {
      try {
        await work();
      } catch (error) {
        if (!this.isClosed && !isOver()) throw error;
      }
    });
  }

  left(participant: Participant): void {
    if (this.participants.get(participant.identity) === participant) this.participants.delete(participant.identity);
    this.#branches.leave(participant.branch);
    if (this.isClosed) return;
    this.tell((events) => events.participantLeft(participant));
    this.#endIfEmpty();
  }

  /** A worker has died. Those who were connected there come again; the others stay. */
  #lost(branch: Branch): void {
    for (const participant of this.participants.values()) {
      if (participant.branch === branch) participant.close('media lost');
    }
  }

  #endIfEmpty(): void {
    if (this.participants.size === 0 && this.#arriving === 0) this.close('left');
  }

  close(reason: CloseReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#over.abort();
    for (const participant of this.participants.values()) participant.close(reason);
    this.#branches.closeAll();
    this.#ended();
  }
}
