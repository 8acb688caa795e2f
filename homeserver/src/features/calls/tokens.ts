import { createHmac, timingSafeEqual } from 'node:crypto';
import { DeviceId, RoomId, UserId } from '@holm/spec/ids';
import { type JsonObject, isObject } from '@holm/spec/json';
import type { Clock } from '../../platform/clock.ts';
import { type Entropy, token } from '../../platform/entropy.ts';

/** Who stands behind a participant. The device of a user of another server is only what they say it is. */
export interface CallMember {
  readonly userId: UserId;
  readonly roomId: RoomId;
  readonly deviceId?: DeviceId;
}

/** Whom a token lets into a call, and as what. */
export interface CallGrant {
  /** What the others in the call see: where the protocol wants it so, a hash that does not say who it is. */
  readonly identity: string;
  /** The alias of the call: there is one for each room and slot. */
  readonly call: string;
  readonly canPublish: boolean;
  readonly member: CallMember;
}

/** Why a token lets nobody in. */
export type TokenRefusal = 'no token' | 'not a token' | 'not signed by us' | 'too old' | 'not valid yet';

interface CallTokensDeps {
  /** Known to this server only; not the key that signs events. */
  readonly secret: Buffer;
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: Entropy;
}

/** Twice as long as it takes until the next one. */
const LIFETIME_MS = 1_200_000;
/** How wrong the clock may be of another machine of ours that made the token. */
const SKEW_MS = 10_000;
const MAX_LENGTH = 4_096;
const HEADER = { alg: 'HS256', typ: 'JWT' };
/** LiveKit's clients want to read one. */
const ISSUER = 'holm';

/**
 * The tokens with which clients come to a call: JSON Web Tokens with LiveKit's claims, made and read by this server
 * alone. They say what was so when they were made; whether it still is, is asked when somebody comes with one.
 */
export class CallTokens {
  readonly #deps: CallTokensDeps;

  constructor(deps: CallTokensDeps) {
    this.#deps = deps;
  }

  mint(grant: CallGrant): string {
    const { clock, entropy } = this.#deps;
    const now = clock.now();
    const { identity, call, canPublish, member } = grant;
    const claims = {
      iss: ISSUER,
      sub: identity,
      jti: token(entropy, 16),
      nbf: Math.floor((now - SKEW_MS) / 1_000),
      exp: Math.floor((now + LIFETIME_MS) / 1_000),
      video: {
        room: call,
        roomJoin: true,
        roomCreate: false,
        canPublish,
        canPublishData: canPublish,
        canSubscribe: true,
        canUpdateOwnMetadata: false,
        hidden: false,
      },
      holm: member,
    };
    const signed = `${encode(HEADER)}.${encode(claims)}`;
    return `${signed}.${this.#sign(signed).toString('base64url')}`;
  }

  verify(raw: string | undefined): CallGrant | TokenRefusal {
    if (raw === undefined || raw === '') return 'no token';
    const parts = raw.length > MAX_LENGTH ? [] : raw.split('.');
    if (parts.length !== 3) return 'not a token';
    const [header = '', payload = '', signature = ''] = parts;
    if (!this.#isOurs(header, payload, signature)) return 'not signed by us';
    return read(JSON.parse(Buffer.from(payload, 'base64url').toString()), this.#deps.clock.now());
  }

  #isOurs(header: string, payload: string, signature: string): boolean {
    // The header is ours to the letter, or it is not our token: no algorithm is ever taken from outside.
    if (header !== encode(HEADER)) return false;
    const expected = this.#sign(`${header}.${payload}`);
    const given = Buffer.from(signature, 'base64url');
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  #sign(text: string): Buffer {
    return createHmac('sha256', this.#deps.secret).update(text).digest();
  }
}

/**
 * Base64url in which no `-` and no `_` occur: Element Call reads the claims with `atob`, which knows neither. In ASCII,
 * the two only ever come from `>`, `?` and `~`, which JSON can write as escapes, as all that is not ASCII.
 */
const encode = (value: unknown): string =>
  Buffer.from(
    JSON.stringify(value).replace(
      /[>?~\u007f-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  ).toString('base64url');

/** The claims of a token that we have signed ourselves, maybe in an older version. */
const read = (claims: unknown, now: number): CallGrant | TokenRefusal => {
  if (!isObject(claims)) return 'not a token';
  const { sub, exp, nbf } = claims;
  if (typeof sub !== 'string' || typeof exp !== 'number' || typeof nbf !== 'number') return 'not a token';
  if (exp * 1_000 <= now) return 'too old';
  if (nbf * 1_000 > now + SKEW_MS) return 'not valid yet';
  const member = memberOf(claims);
  const video = claims['video'];
  if (!member || !isObject(video) || typeof video['room'] !== 'string') return 'not a token';
  return { identity: sub, call: video['room'], canPublish: video['canPublish'] === true, member };
};

const memberOf = ({ holm }: JsonObject): CallMember | undefined => {
  if (!isObject(holm)) return undefined;
  const { userId, roomId, deviceId } = holm;
  if (!UserId.is(userId) || !RoomId.is(roomId)) return undefined;
  return { userId, roomId, ...(DeviceId.is(deviceId) && { deviceId }) };
};
