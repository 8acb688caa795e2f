import type { UnixMillis } from '../../platform/clock.ts';

/** https://spec.matrix.org/latest/client-server-api/#presence */
export type PresenceState = 'online' | 'unavailable' | 'offline';

/** How somebody is, as others are told. */
export interface Status {
  readonly state: PresenceState;
  /** When they last did something; absent for who never did. */
  readonly lastActiveAt: UnixMillis | undefined;
  /** They did something within the last minutes: until that is over, others are not told of each thing they do. */
  readonly isActive: boolean;
  readonly message: string | undefined;
}

export const OFFLINE: Status = { state: 'offline', lastActiveAt: undefined, isActive: false, message: undefined };

/** The content of an `m.presence` event, or of the answer to who asks. */
export interface PresenceContent {
  readonly presence: PresenceState;
  readonly last_active_ago?: number;
  readonly currently_active?: boolean;
  readonly status_msg?: string;
}

/** Whether others have to be told. That somebody has done one more thing is no news while they are active. */
export const isNews = (told: Status | undefined, now: Status): boolean => {
  const { state, isActive, message } = told ?? OFFLINE;
  return state !== now.state || isActive !== now.isActive || message !== now.message;
};

export const contentOf = ({ state, lastActiveAt, isActive, message }: Status, now: UnixMillis): PresenceContent => ({
  presence: state,
  ...(lastActiveAt !== undefined && { last_active_ago: Math.max(0, now - lastActiveAt) }),
  ...(state === 'online' && { currently_active: isActive }),
  ...(message !== undefined && { status_msg: message }),
});
