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

/** Passes messages on, each with who sent it: what it says about that itself is not believed. */
export class Messages {
  readonly #budget: Budget;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#budget = new Budget(clock, MESSAGES);
  }

  pass(from: Participant, channel: DataChannel, message: Buffer): void {
    // Too many and garbled ones are dropped: on these channels, nobody expects an answer.
    if (!this.#budget.take()) return;
    const packet = parse(message);
    if (!packet) return;
    packet.participantIdentity = from.identity;
    packet.participantSid = from.id;
    const older = olderPartOf(packet);
    if (older) {
      older.participantIdentity = from.identity;
      older.participantSid = from.id;
    }
    const wanted = wantedBy(packet);
    from.room.relay(from, channel, Buffer.from(packet.toBinary()), wanted);
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
