import type { SessionDescription } from '@livekit/protocol';
import type { Participant } from '../sfu/participant.ts';
import type { Subscription } from '../sfu/subscription.ts';
import { type ReadAnswer, readAnswer } from './sdp/read-answer.ts';
import type { SdpRefusal } from './sdp/read.ts';
import { SubscriberOffers, sectionOf } from './sdp/subscriber-offer.ts';

export interface Offer {
  readonly sdp: string;
  readonly id: number;
  readonly midToTrackId: Readonly<Record<string, string>>;
}

/** What became of an answer. */
export type Agreement =
  | { readonly state: 'stale' }
  | { readonly state: 'refused'; readonly why: SdpRefusal }
  /** `rejected` is what the client cannot play. */
  | { readonly state: 'agreed'; readonly agreed: readonly Subscription[]; readonly rejected: readonly Subscription[] };

interface SubscriberDeps {
  readonly participant: Participant;
  readonly send: (offer: Offer) => void;
  /** Firefox takes the names of a stream and a track from one place only. */
  readonly namesTogether: boolean;
}

/** The connection on which a client is sent to: we offer, it answers. There is one offer at a time. */
export class Subscriber {
  readonly #deps: SubscriberDeps;
  readonly #offers: SubscriberOffers;
  readonly #subscriptions = new Set<Subscription>();
  #offered: readonly Subscription[] = [];
  #id = 0;
  #isWaiting = false;
  #isDirty = false;
  #isConnected = false;

  constructor(deps: SubscriberDeps) {
    this.#deps = deps;
    this.#offers = new SubscriberOffers(deps.participant.downstream);
  }

  /** Makes the first offer, which the client waits for even where there is nothing to be sent yet. */
  begin(): void {
    this.#offer();
  }

  add(subscription: Subscription): void {
    const { id, description, owner } = subscription.track;
    const stream = this.#deps.namesTogether ? id : description.stream;
    this.#offers.add(subscription.consumer, { streamId: `${owner.id}|${stream}`, trackId: id });
    this.#subscriptions.add(subscription);
    this.#changed();
  }

  remove(subscription: Subscription): void {
    if (!this.#subscriptions.delete(subscription)) return;
    this.#offers.remove(subscription.consumer);
    this.#changed();
  }

  #changed(): void {
    this.#isDirty = true;
    if (this.#id > 0 && !this.#isWaiting) this.#offer();
  }

  #offer(): void {
    this.#isDirty = false;
    this.#isWaiting = true;
    this.#id += 1;
    this.#offered = [...this.#subscriptions];
    const midToTrackId: Record<string, string> = {};
    for (const { consumer, track } of this.#offered) midToTrackId[sectionOf(consumer.rtpParameters)] = track.id;
    this.#deps.send({ sdp: this.#offers.next(), id: this.#id, midToTrackId });
  }

  async answer({ sdp, id }: SessionDescription): Promise<Agreement> {
    // Clients before the ids of 2025 send none.
    if (!this.#isWaiting || (id !== 0 && id !== this.#id)) return { state: 'stale' };
    const answer = readAnswer(sdp);
    if (typeof answer === 'string') return { state: 'refused', why: answer };
    await this.#connect(answer);
    this.#isWaiting = false;
    const current = this.#offered.filter((each) => this.#subscriptions.has(each));
    const isTaken = ({ consumer }: Subscription) => answer.open.has(sectionOf(consumer.rtpParameters));
    if (this.#isDirty) this.#offer();
    return { state: 'agreed', agreed: current.filter(isTaken), rejected: current.filter((each) => !isTaken(each)) };
  }

  async #connect(answer: ReadAnswer): Promise<void> {
    if (this.#isConnected) return;
    this.#isConnected = true;
    await this.#deps.participant.downstream.connect({ dtlsParameters: answer.dtls() });
  }

  /** Begins the connection anew, for a client that comes back. */
  async restart(): Promise<void> {
    this.#offers.restartIce(await this.#deps.participant.downstream.restartIce());
    this.#offer();
  }
}
