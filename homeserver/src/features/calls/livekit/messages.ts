import { DataPacket } from '@livekit/protocol';
import type { Clock } from '../../../platform/clock.ts';
import type { DataChannel } from '../sfu/events.ts';
import type { Participant } from '../sfu/participant.ts';
import { Budget } from './budget.ts';

/** What the channels are called, and the order in which clients open them. */
export const CHANNELS = {
  nameOf: (channel: DataChannel): string => `_${channel}`,
  order: ['lossy', 'reliable'] as const,
};

const MESSAGES = { burst: 500, perSecond: 100 };
/** In bytes, once for each who is sent them: what the machine has to do. */
const COPIES = { burst: 16_777_216, perSecond: 4_194_304 };

/** Passes messages on, each with who sent it: what it says about that itself is not believed. */
export class Messages {
  readonly #messages: Budget;
  readonly #copies: Budget;
  readonly #dropped: () => void;

  constructor(clock: Pick<Clock, 'now'>, dropped: () => void) {
    this.#messages = new Budget(clock, MESSAGES);
    this.#copies = new Budget(clock, COPIES);
    this.#dropped = dropped;
  }

  pass(from: Participant, channel: DataChannel, message: Buffer): void {
    // Too many and garbled ones are dropped: on these channels, nobody expects an answer.
    const packet = this.#messages.take() ? parse(message) : undefined;
    if (!packet) return this.#dropped();
    packet.participantIdentity = from.identity;
    packet.participantSid = from.id;
    const older = olderPartOf(packet);
    if (older) {
      older.participantIdentity = from.identity;
      older.participantSid = from.id;
    }
    const receivers = from.room.others(from).filter(wantedBy(packet));
    const copies = Math.min(COPIES.burst, message.length * receivers.length);
    if (!this.#copies.take(copies)) return this.#dropped();
    from.room.relay(receivers, channel, Buffer.from(packet.toBinary()));
  }
}

/** Where clients before 2024 say and look who a message is from and for. */
interface OlderPart {
  participantIdentity: string;
  participantSid: string;
  readonly destinationIdentities: readonly string[];
  readonly destinationSids: readonly string[];
}

const olderPartOf = ({ value }: DataPacket): OlderPart | undefined => (value.case === 'user' ? value.value : undefined);

const parse = (message: Buffer): DataPacket | undefined => {
  try {
    return DataPacket.fromBinary(message);
  } catch {
    return undefined;
  }
};

const wantedBy = (packet: DataPacket): ((other: Participant) => boolean) => {
  const { destinationIdentities } = packet;
  const old = olderPartOf(packet);
  const identities = new Set([...destinationIdentities, ...(old?.destinationIdentities ?? [])]);
  const ids = new Set(old?.destinationSids ?? []);
  if (identities.size + ids.size === 0) return () => true;
  return ({ identity, id }) => identities.has(identity) || ids.has(id);
};
