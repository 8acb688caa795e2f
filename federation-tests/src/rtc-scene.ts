import type { CallGrant } from '@holm/homeserver/features/calls/index';
import { type Answer, call } from './http.ts';
import type { TestNetwork } from './network.ts';
import type { Person } from './people.ts';
import { networkWithRogue } from './rogue-network.ts';
import type { Rogue } from './rogue.ts';

export const SLOT = 'm.call#ROOM';
export const NOT_PROVEN = [401, 'M_UNAUTHORIZED'] as const;
export const NOT_A_MEMBER = [403, 'M_FORBIDDEN'] as const;

/** No media: what is asked here is who gets a token. */
const config = { calls: { enabled: true, worker: '/nonexistent' } };

interface Proof {
  readonly access_token: string;
  readonly matrix_server_name: string;
}

/** Two servers with calls, a rogue beside them, and a room of a.test with Alice in it. */
export class RtcScene implements AsyncDisposable {
  readonly network: TestNetwork;
  readonly rogue: Rogue;
  readonly alice: Person;
  readonly room: string;

  private constructor(scene: Pick<RtcScene, 'network' | 'rogue' | 'alice' | 'room'>) {
    this.network = scene.network;
    this.rogue = scene.rogue;
    this.alice = scene.alice;
    this.room = scene.room;
  }

  static async open(): Promise<RtcScene> {
    const { network, rogue } = await networkWithRogue(['a.test', 'b.test'], config);
    const alice = await network.person('alice', 'a.test');
    return new RtcScene({ network, rogue, alice, room: await alice.createRoom() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]();
    await this.rogue[Symbol.asyncDispose]();
  }

  proofOf(who: Person): Promise<Proof> {
    return who.ask('POST', `/user/${encodeURIComponent(who.userId)}/openid/request_token`, {});
  }

  /** Asks the token service of a.test. */
  service(path: string, body: unknown): Promise<Answer> {
    return call('POST', `${this.network.server('a.test').url}/livekit/jwt${path}`, { body });
  }

  /** As clients did before there were members of slots. */
  async legacy(who: Person, more: object = {}): Promise<Answer> {
    const openid_token = await this.proofOf(who);
    return this.service('/sfu/get', { room: this.room, openid_token, device_id: who.deviceId, ...more });
  }

  /** As drafts had it. */
  async draft(who: Person, more: object = {}, member: object = {}): Promise<Answer> {
    return this.service('/get_token', {
      room_id: this.room,
      slot_id: SLOT,
      openid_token: await this.proofOf(who),
      member: { ...memberOf(who), ...member },
      ...more,
    });
  }

  /** What an SFU makes of a token. */
  read({ status, body }: Answer, server = 'a.test'): CallGrant {
    const grant = this.network.server(server).running.services.calls!.tokens.verify(body.jwt as string);
    if (status !== 200 || typeof grant === 'string') throw new Error(`${status} ${JSON.stringify([body, grant])}`);
    return grant;
  }
}

export const memberOf = ({ userId, deviceId }: Person) => ({
  id: 'M',
  claimed_user_id: userId,
  claimed_device_id: deviceId,
});

export const refused = ({ status, body }: Answer): readonly [number, string] => [status, body.errcode as string];
