import type { Consumer } from 'mediasoup/types';
import { EVERYTHING, spatialLayerFor, temporalLayerFor, type Wish } from './quality.ts';
import type { Taker, Track } from './track.ts';

/** A track on its way to one participant. Nothing flows before both sides have agreed on how. */
export class Subscription implements Taker {
  readonly track: Track;
  readonly subscriber: Taker['subscriber'];
  readonly consumer: Consumer;
  #wish = EVERYTHING;
  #isAgreed = false;

  constructor(track: Track, subscriber: Taker['subscriber'], consumer: Consumer) {
    this.track = track;
    this.subscriber = subscriber;
    this.consumer = consumer;
  }

  get wish(): Wish {
    return this.#wish;
  }

  get isAgreed(): boolean {
    return this.#isAgreed;
  }

  /** The participant is ready to receive it. */
  async agree(): Promise<void> {
    if (this.#isAgreed) return;
    this.#isAgreed = true;
    await this.#apply();
  }

  async want(wish: Wish): Promise<void> {
    this.#wish = wish;
    if (this.consumer.closed) return;
    if (this.track.isLayered) {
      const spatialLayer = spatialLayerFor(wish, this.track.description.layers);
      await this.consumer.setPreferredLayers({ spatialLayer, temporalLayer: temporalLayerFor(wish) });
    }
    await this.#apply();
  }

  async #apply(): Promise<void> {
    if (!this.#isAgreed || this.consumer.closed) return;
    if (this.#wish.isEnabled) await this.consumer.resume();
    else await this.consumer.pause();
  }

  close(): void {
    this.consumer.close();
  }
}
