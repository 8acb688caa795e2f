import { MatrixError } from '@holm/spec/errors';
import { DeviceId, type UserId } from '@holm/spec/ids';
import type { Caller } from '../../http/route.ts';
import type { AuthData } from '../../http/uia.ts';
import type { Device, Reauthentication, Sessions } from '../accounts/index.ts';

export interface DevicesDeps {
  readonly sessions: Pick<Sessions, 'devices' | 'rename' | 'end'>;
  readonly reauthentication: Pick<Reauthentication, 'demand'>;
}

/** Where somebody is logged in, for them to look through. */
export class Devices {
  readonly #deps: DevicesDeps;

  constructor(deps: DevicesDeps) {
    this.#deps = deps;
  }

  of(userId: UserId): Promise<Device[]> {
    return this.#deps.sessions.devices(userId);
  }

  /** M_NOT_FOUND for a device of somebody else as for one that never was. */
  async get(userId: UserId, deviceId: string): Promise<Device> {
    const device = (await this.of(userId)).find((one) => one.deviceId === deviceId);
    if (!device) throw notFound();
    return device;
  }

  /** Without a name, nothing changes. */
  async rename(userId: UserId, deviceId: string, displayName: string | undefined): Promise<void> {
    const { sessions } = this.#deps;
    const found =
      displayName === undefined
        ? await this.get(userId, deviceId)
        : DeviceId.is(deviceId) && (await sessions.rename(userId, deviceId, displayName));
    if (!found) throw notFound();
  }

  /** Logs the caller's devices out, for good, once the caller has shown the password again. */
  async remove(caller: Caller, deviceIds: readonly string[], auth: AuthData | undefined): Promise<void> {
    const { reauthentication, sessions } = this.#deps;
    await reauthentication.demand(caller, `remove devices ${[...deviceIds].sort().join(' ')}`, auth);
    await sessions.end(
      caller.userId,
      deviceIds.filter((deviceId) => DeviceId.is(deviceId)),
    );
  }
}

const notFound = () => new MatrixError('M_NOT_FOUND', 'you have no such device');
