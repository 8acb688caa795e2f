import type { Producer, Router } from 'mediasoup/types';

/** Where a track can be taken from. */
export interface Tap {
  readonly producerId: string;
  /** Nobody takes it from here any more by this tap. */
  readonly release: () => void;
}

interface Pipe {
  readonly opening: ReturnType<Router['pipeToRouter']>;
  taps: number;
}

/**
 * The ways of one track to other workers than its own. One is opened with the first who wants the track there, shared by
 * all who do, and closed with the last of them.
 */
export class Pipes {
  readonly #pipes = new Map<Router, Pipe>();

  async tap(producer: Producer, from: Router, to: Router): Promise<Tap> {
    if (from === to) return { producerId: producer.id, release: () => undefined };
    const pipe = this.#pipes.get(to) ?? this.#open(producer, from, to);
    pipe.taps += 1;
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      this.#release(pipe, to);
    };
    try {
      const { pipeProducer } = await pipe.opening;
      if (!pipeProducer) throw new Error('a pipe without an end');
      return { producerId: pipeProducer.id, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #open(producer: Producer, from: Router, to: Router): Pipe {
    // An id of its own: the next pipe may be opened before the worker has closed this one.
    const opening = from.pipeToRouter({ producerId: producer.id, router: to, keepId: false, enableRtx: true });
    const pipe = { opening, taps: 0 };
    this.#pipes.set(to, pipe);
    return pipe;
  }

  #release(pipe: Pipe, to: Router): void {
    pipe.taps -= 1;
    if (pipe.taps > 0) return;
    if (this.#pipes.get(to) === pipe) this.#pipes.delete(to);
    // Its other end closes with it. Who waits for one that does not open hears of it from the tap.
    pipe.opening.then(({ pipeConsumer }) => pipeConsumer?.close()).catch(() => undefined);
  }
}
