import type { Clock } from '../../../platform/clock.ts';
import { Excess } from './excess.ts';
import type { Participant } from './participant.ts';
import type { Producer } from 'mediasoup/types';

export interface SendingLimits {
  /** What one participant may send, in bit per second. */
  readonly participantBitrate: number;
  /** What may come of one track, all its layers together. */
  readonly trackBitrate: number;
}

const LOOK_EVERY_MS = 2_000;

/**
 * Looks from time to time at how much everybody sends. They are told what they may; who does not keep to it has to go, for the
 * line that others need is ours.
 */
export class Police {
  readonly #limits: SendingLimits;
  readonly #senders: Excess<Participant>;
  readonly #tracks: Excess<Producer>;
  readonly #clock: Clock;

  constructor(clock: Clock, limits: SendingLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#senders = new Excess(limits.participantBitrate);
    this.#tracks = new Excess(limits.trackBitrate);
  }

  /** Until `over`. */
  async watch(participants: () => Iterable<Participant>, over: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(LOOK_EVERY_MS, over);
      if (over.aborted) return;
      await Promise.all([...participants()].filter(isSending).map((each) => this.#look(each)));
    }
  }

  async #look(participant: Participant): Promise<void> {
    try {
      if (await this.#sendsTooMuch(participant)) participant.events.sentTooMuch();
    } catch (error) {
      // What is closed meanwhile has no statistics.
      if (!participant.isClosed) throw error;
    }
  }

  async #sendsTooMuch(participant: Participant): Promise<boolean> {
    const [transport] = await participant.upstream.getStats();
    if (!transport) return false;
    const { bytesReceived, recvBitrate } = transport;
    if (this.#senders.isTooMuch(participant, bytesReceived, this.#clock.now())) return true;
    // One track alone cannot have sent more than all.
    if (recvBitrate <= this.#limits.trackBitrate) return false;
    const producers = [...participant.tracks.values()].flatMap(({ producer }) => producer ?? []);
    const tooMuch = await Promise.all(producers.map((producer) => this.#comesTooMuch(producer)));
    return tooMuch.includes(true);
  }

  async #comesTooMuch(producer: Producer): Promise<boolean> {
    if (producer.closed) return false;
    const streams = await producer.getStats();
    const bytes = streams.reduce((sum, { byteCount }) => sum + byteCount, 0);
    return this.#tracks.isTooMuch(producer, bytes, this.#clock.now());
  }
}

/** Whoever has no connection sends nothing. */
const isSending = ({ upstream }: Participant): boolean => upstream.dtlsState === 'connected' && !upstream.closed;
