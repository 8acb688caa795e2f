import type { AudioLevelObserver, Producer } from 'mediasoup/types';
import type { Person, Speaker } from './events.ts';

export const SPEAKERS = { maxEntries: 10, threshold: -65, interval: 400 };

/**
 * Who speaks. Levels stand in a header that stays readable where the sound itself is encrypted between participants.
 */
export class Speakers {
  readonly #observer: AudioLevelObserver;
  readonly #sources = new Map<string, Person>();
  #speaking = new Map<Person, number>();

  constructor(observer: AudioLevelObserver, changed: (speakers: readonly Speaker[]) => void) {
    this.#observer = observer;
    const compare = (now: Map<Person, number>): void => {
      const speakers = [...now].map(([participant, level]) => ({ participant, level }));
      for (const participant of this.#speaking.keys()) {
        if (!now.has(participant) && !participant.isClosed) speakers.push({ participant, level: 0 });
      }
      this.#speaking = now;
      if (speakers.length > 0) changed(speakers);
    };
    observer.on('volumes', (volumes) => {
      const now = new Map<Person, number>();
      for (const { producer, volume } of volumes) {
        const participant = this.#sources.get(producer.id);
        // Somebody may speak and play a film at once.
        if (participant) now.set(participant, Math.max(now.get(participant) ?? 0, linear(volume)));
      }
      compare(now);
    });
    observer.on('silence', () => compare(new Map()));
  }

  async follow(person: Person, producer: Producer): Promise<void> {
    if (producer.kind !== 'audio') return;
    this.#sources.set(producer.id, person);
    producer.observer.once('close', () => this.#sources.delete(producer.id));
    await this.#observer.addProducer({ producerId: producer.id });
  }
}

/** From decibels below the loudest that can be. */
const linear = (decibels: number): number => 10 ** (decibels / 20);
