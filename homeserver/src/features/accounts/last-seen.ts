import type { DeviceId, UserId } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';

/** Where a request came from. */
export interface Origin {
  readonly address: string;
  readonly userAgent: string;
}

export interface Sighting extends Origin {
  readonly userId: UserId;
  readonly deviceId: DeviceId;
  readonly at: UnixMillis;
}

/** Whose request it is. */
type Seen = Pick<Sighting, 'userId' | 'deviceId'> & { readonly tokenId: number };

/** Of a device that is seen again, which happens with each request. */
type Latest = { -readonly [key in keyof Sighting]: Sighting[key] };

const MAX_AGENT = 256;

/** The latest sighting of each device since the last `take`. Kept by token, which is what a request shows. */
export class LastSeen {
  #byToken = new Map<number, Latest>();

  /** With each request: who has been seen is not written down anew. */
  note({ userId, deviceId, tokenId }: Seen, { address, userAgent }: Origin, at: UnixMillis): void {
    const known = this.#byToken.get(tokenId);
    if (!known) {
      this.#byToken.set(tokenId, { userId, deviceId, at, address, userAgent });
      return;
    }
    known.at = at;
    known.address = address;
    known.userAgent = userAgent;
  }

  forget(tokenId: number): void {
    this.#byToken.delete(tokenId);
  }

  /** What has not been written down yet about a user's devices. */
  of(userId: UserId): ReadonlyMap<DeviceId, Sighting> {
    const found = [...this.#byToken.values()].filter((sighting) => sighting.userId === userId);
    return new Map(found.map((sighting) => [sighting.deviceId, sighting]));
  }

  /** Hands over what is to be written down. */
  take(): Sighting[] {
    const sightings = [...this.#byToken.values()];
    this.#byToken = new Map();
    return sightings.map(({ userAgent, ...rest }) => ({ ...rest, userAgent: storable(userAgent) }));
  }
}

/** A header is whatever a client wrote into it. */
const storable = (userAgent: string): string => userAgent.slice(0, MAX_AGENT).replaceAll('\0', '');
