import type { DeviceId } from '@holm/spec/ids';
import type { UnixMillis } from '../../platform/clock.ts';
import type { PresenceState, Status } from './status.ts';

/** What a client says of whoever uses it. */
export type Said = 'online' | 'unavailable';

interface Device {
  said: Said;
  /** By itself, not with following the stream: what is said in passing, or not at all, does not take it back. */
  isSet: boolean;
  /** Requests that follow the stream at the moment. */
  following: number;
  lastContactAt: UnixMillis;
  lastActiveAt: UnixMillis;
}

export interface Limits {
  /** Who has done nothing for so long is idle, whatever the client says. */
  readonly idleAfterMs: number;
}

/** A client that has not come back for so long is gone. */
export const GONE_AFTER_MS = 30_000;
/** "Within the last few minutes"; never longer than until somebody is idle. */
const ACTIVE_MS = 180_000;

/** One user's devices, and what they make of the user together: the liveliest counts. */
export class Devices {
  readonly #limits: Limits;
  readonly #devices = new Map<DeviceId, Device>();
  message: string | undefined;
  #lastActiveAt: UnixMillis | undefined;
  /** They were inactive before a restart; that their client comes back is nothing that they do. */
  #idleSince: UnixMillis | undefined;

  constructor(limits: Limits, before: Status | undefined) {
    this.#limits = limits;
    this.message = before?.message;
    this.#lastActiveAt = before?.lastActiveAt;
    if (before && before.state !== 'offline' && !before.isActive) this.#idleSince = before.lastActiveAt;
  }

  /**
   * A device begins to follow the stream; one that says nothing is as it has set, or online. Whether what others see of
   * the user may be another than before.
   */
  follow(id: DeviceId, said: Said | undefined, now: UnixMillis): boolean {
    const device = this.#connected(id, now);
    if (device) {
      device.following++;
      device.lastContactAt = now;
      return this.#sayInPassing(device, said, now);
    }
    const lastActiveAt = this.#idleSince ?? now;
    this.#devices.set(id, { said: said ?? 'online', isSet: false, following: 1, lastContactAt: now, lastActiveAt });
    this.#lastActiveAt = lastActiveAt;
    return true;
  }

  #sayInPassing(device: Device, said: Said | undefined, now: UnixMillis): boolean {
    if (said === undefined && device.isSet) return false;
    device.isSet = false;
    const next = said ?? 'online';
    if (device.said === next) return false;
    // To become online is something that somebody does; to follow on is not.
    device.said = next;
    if (next === 'online') this.#act(device, now);
    return true;
  }

  /** A device follows the stream without being seen doing it. Whether others may have seen it before. */
  hide(id: DeviceId): boolean {
    return this.#devices.get(id)?.isSet !== true && this.remove(id);
  }

  unfollow(id: DeviceId, now: UnixMillis): void {
    const device = this.#devices.get(id);
    if (!device) return;
    device.following = Math.max(0, device.following - 1);
    device.lastContactAt = now;
  }

  say(id: DeviceId, said: Said, now: UnixMillis): void {
    const come = { said, isSet: true, following: 0, lastContactAt: now, lastActiveAt: now };
    const device = this.#connected(id, now) ?? come;
    device.said = said;
    device.isSet = true;
    device.lastContactAt = now;
    this.#act(device, now);
    this.#devices.set(id, device);
  }

  /** The user has done something, which makes them online if the device is connected. */
  act(id: DeviceId, now: UnixMillis): boolean {
    const device = this.#connected(id, now);
    if (!device) return false;
    device.said = 'online';
    this.#act(device, now);
    return true;
  }

  remove(id: DeviceId): boolean {
    return this.#devices.delete(id);
  }

  /** Forgets devices that have gone. Whether any is left. */
  tidy(now: UnixMillis): boolean {
    for (const id of this.#devices.keys()) if (!this.#connected(id, now)) this.#devices.delete(id);
    return this.#devices.size > 0;
  }

  status(now: UnixMillis): Status {
    let state: PresenceState = 'offline';
    for (const id of this.#devices.keys()) {
      const device = this.#connected(id, now);
      if (device && state !== 'online') state = this.#stateOf(device, now);
    }
    return {
      state,
      lastActiveAt: this.#lastActiveAt,
      isActive: state === 'online' && this.#isActive(now),
      message: this.message,
    };
  }

  #stateOf({ said, lastActiveAt }: Device, now: UnixMillis): PresenceState {
    return said === 'online' && now - lastActiveAt < this.#limits.idleAfterMs ? 'online' : 'unavailable';
  }

  #isActive(now: UnixMillis): boolean {
    return now - (this.#lastActiveAt ?? 0) < Math.min(ACTIVE_MS, this.#limits.idleAfterMs);
  }

  #connected(id: DeviceId, now: UnixMillis): Device | undefined {
    const device = this.#devices.get(id);
    return device && (device.following > 0 || now - device.lastContactAt < GONE_AFTER_MS) ? device : undefined;
  }

  #act(device: Device, now: UnixMillis): void {
    device.lastActiveAt = now;
    this.#lastActiveAt = now;
    this.#idleSince = undefined;
  }
}
