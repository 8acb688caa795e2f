import { MatrixError } from '@holm/spec/errors';
import type { ServerName } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { ServerKeys } from '@holm/spec/server-server/keys';
import { signJson } from '../../core/crypto/signing.ts';
import type { Clock } from '../../platform/clock.ts';
import type { KeyDirectory, KeysAsked } from './key-directory.ts';
import { type OwnKeys, publishedKeys } from './own-keys.ts';

export interface NotaryDeps {
  readonly own: OwnKeys;
  readonly directory: Pick<KeyDirectory, 'answerOf'>;
  readonly isAllowed: (server: ServerName) => boolean;
  readonly clock: Clock;
}

/** Without key ids all of them; without a time the present. */
export type KeysWanted = Partial<KeysAsked>;

/** Anybody may ask about any names, and what is not known has to be looked for: so many at a time. */
const MAX_LOOK_UPS = 100;

/** Tells others the keys of this server, and vouches for those of servers that it has heard from. */
export class Notary {
  readonly #deps: NotaryDeps;
  #lookUps = 0;

  constructor(deps: NotaryDeps) {
    this.#deps = deps;
  }

  own(): ServerKeys {
    return publishedKeys(this.#deps.own, this.#deps.clock.now());
  }

  /** The server's own answer with our signature added; an older one when no newer is to be had. */
  async answerFor(server: ServerName, wanted: KeysWanted = {}): Promise<JsonObject | undefined> {
    const { own, directory, isAllowed, clock } = this.#deps;
    if (server === own.serverName) return this.own();
    if (!isAllowed(server)) return undefined;
    if (this.#lookUps >= MAX_LOOK_UPS) throw new MatrixError('M_LIMIT_EXCEEDED', 'too many keys are being looked for');
    this.#lookUps++;
    try {
      const { minimumValidUntil = clock.now(), keyIds = [] } = wanted;
      const answer = await directory.answerOf(server, { minimumValidUntil, keyIds });
      return answer && signJson(answer.json, own.serverName, own.signing[0]);
    } finally {
      this.#lookUps--;
    }
  }
}
