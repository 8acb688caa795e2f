import type { DeviceId, UserId } from '@holm/spec/ids';
import type { Caller } from '../../http/route.ts';
import type { Clock, UnixMillis } from '../../platform/clock.ts';
import { Devices, type Limits } from './devices.ts';
import type { PresenceState, Status } from './status.ts';

export interface AttendanceDeps {
  readonly clock: Clock;
  readonly limits: Limits;
  /** How somebody was when they were last here. */
  readonly before: (user: UserId) => Status | undefined;
  /** What others see of somebody may be another than they were told. */
  readonly onChange: (user: UserId) => void;
}

type Client = Pick<Caller, 'userId' | 'deviceId'>;

/** Users of this server who are here at the moment, by their devices. */
export class Attendance {
  readonly #deps: AttendanceDeps;
  readonly #here = new Map<UserId, Devices>();

  constructor(deps: AttendanceDeps) {
    this.#deps = deps;
  }

  /** A client follows the stream, until that is disposed of; one that says `offline` is not seen doing it. */
  follow({ userId, deviceId }: Client, said: PresenceState | undefined): Disposable {
    const { clock } = this.#deps;
    if (said === 'offline') {
      if (this.#here.get(userId)?.hide(deviceId) === true) this.#deps.onChange(userId);
      return NOT_HERE;
    }
    const devices = this.#of(userId);
    this.#here.set(userId, devices);
    if (devices.follow(deviceId, said, clock.now())) this.#deps.onChange(userId);
    return new Stay(devices, deviceId, clock);
  }

  set({ userId, deviceId }: Client, state: PresenceState, message: string | undefined): void {
    const devices = this.#of(userId);
    this.#here.set(userId, devices);
    devices.message = message;
    if (state === 'offline') devices.remove(deviceId);
    else devices.say(deviceId, state, this.#deps.clock.now());
    this.#deps.onChange(userId);
  }

  /** Somebody has done something that others see. */
  act({ userId, deviceId }: Client): void {
    const devices = this.#here.get(userId);
    const now = this.#deps.clock.now();
    const before = devices?.status(now);
    if (!devices?.act(deviceId, now)) return;
    const after = devices.status(now);
    if (before?.state !== after.state || before.isActive !== after.isActive) this.#deps.onChange(userId);
  }

  /** These devices have logged out. */
  end(userId: UserId, deviceIds: readonly Caller['deviceId'][]): void {
    this.#remove(userId, deviceIds);
  }

  /** The account is closed. */
  erase(userId: UserId): void {
    this.#here.set(userId, new Devices(this.#deps.limits, undefined));
    this.#deps.onChange(userId);
  }

  /** Absent for who is not here; what is known of them from before goes on being so. */
  status(user: UserId): Status | undefined {
    return this.#here.get(user)?.status(this.#deps.clock.now());
  }

  *all(): Iterable<UserId> {
    yield* this.#here.keys();
  }

  get size(): number {
    return this.#here.size;
  }

  /** Others have been told how somebody is: who has gone need not be remembered here. */
  told(user: UserId, now: UnixMillis): void {
    if (this.#here.get(user)?.tidy(now) === false) this.#here.delete(user);
  }

  #of(user: UserId): Devices {
    return this.#here.get(user) ?? new Devices(this.#deps.limits, this.#deps.before(user));
  }

  #remove(userId: UserId, deviceIds: readonly Caller['deviceId'][]): void {
    const devices = this.#here.get(userId);
    if (!devices) return;
    let isChanged = false;
    for (const id of deviceIds) isChanged = devices.remove(id) || isChanged;
    if (isChanged) this.#deps.onChange(userId);
  }
}

/** A client that follows the stream. A closure would keep more, and there is one for everybody who waits. */
class Stay implements Disposable {
  readonly #devices: Devices;
  readonly #deviceId: DeviceId;
  readonly #clock: Clock;

  constructor(devices: Devices, deviceId: DeviceId, clock: Clock) {
    this.#devices = devices;
    this.#deviceId = deviceId;
    this.#clock = clock;
  }

  [Symbol.dispose](): void {
    this.#devices.unfollow(this.#deviceId, this.#clock.now());
  }
}

const NOT_HERE: Disposable = { [Symbol.dispose]: () => undefined };
