import type { Person } from '../src/people.ts';

/** What the server has said yes to. */
export interface Acknowledged {
  readonly room: string;
  readonly eventId: string;
  /** Unique to the event. */
  readonly text: string;
}

/**
 * Writers that never stop to send, each to one room, and note what is acknowledged. When the server goes away they do
 * what clients do: wait until it is back, and send the same again under the same transaction id.
 */
export class Load {
  readonly acknowledged: Acknowledged[] = [];
  /** Sends that had to be repeated: those that were under way when the server was killed. */
  repeated = 0;
  readonly #writers: Promise<void>[] = [];
  readonly #isUp: () => Promise<void>;
  #stopped = false;

  constructor(isUp: () => Promise<void>) {
    this.#isUp = isUp;
  }

  /** Every fifth event changes the room's state, which writes much more than a message does. */
  add(writer: Person, room: string): void {
    this.#writers.push(this.#write(writer, room));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#writers);
  }

  async #write(writer: Person, room: string): Promise<void> {
    for (let n = 1; !this.#stopped; n++) {
      const text = `${writer.name} ${n}`;
      const eventId = await this.#untilAcknowledged(() => send(writer, room, { n, text }));
      this.acknowledged.push({ room, eventId, text });
    }
  }

  async #untilAcknowledged(attempt: () => Promise<string>): Promise<string> {
    for (;;) {
      await this.#isUp();
      try {
        return await attempt();
      } catch (error) {
        // A refusal would be a finding; that the connection broke is what this is about.
        if (!(error instanceof TypeError)) throw error;
        this.repeated++;
      }
    }
  }
}

const send = async (writer: Person, room: string, { n, text }: { n: number; text: string }): Promise<string> => {
  if (n % 5 === 0) return writer.setState(room, ['org.holm.crash', writer.name], { body: text });
  const path = `/rooms/${encodeURIComponent(room)}/send/m.room.message/${n}`;
  return (await writer.ask('PUT', path, { msgtype: 'm.text', body: text })).event_id;
};
