import type { DeviceId, RoomId, UserId } from '@holm/spec/ids';

/** A delayed event that says that a member has left a call, to be sent when they have. */
export interface Delegation {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly roomId: RoomId;
  readonly slotId: string;
  readonly memberId: string;
  readonly delayId: string;
}

/** What is known of a member whose leaving was delegated. */
export interface Watch {
  readonly delayMs: number;
  /** Since when somebody looks. */
  readonly since: number;
  /** When the delay last began. */
  readonly restartedAt: number;
  /** When they were last in the call. */
  readonly seenAt?: number | undefined;
}

export type Step = 'wait' | 'restart' | 'send';

/** Somebody who has delegated and does not come has failed to. After our own start, they need to find us again. */
export const ARRIVAL_MS = 180_000;
/** Beside the time for which the SFU itself waits for a connection to come back: clients also begin anew. */
export const RETURN_MS = 10_000;
/** Nobody could put off anything shorter in time. The proposal wants an hour. */
export const SHORTEST_DELAY_MS = 10_000;

/** What is to be done about a delegated leave now. */
export const stepOf = ({ delayMs, since, restartedAt, seenAt }: Watch, isPresent: boolean, now: number): Step => {
  const isGone = seenAt === undefined ? now - since >= ARRIVAL_MS : now - seenAt >= RETURN_MS;
  if (!isPresent && isGone) return 'send';
  return now - restartedAt >= delayMs / 3 ? 'restart' : 'wait';
};
