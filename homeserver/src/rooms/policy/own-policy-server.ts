import { MatrixError } from '@holm/spec/errors';
import type { EventId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import type { SigningKey } from '../../core/crypto/keys.ts';
import { signText } from '../../core/crypto/signing.ts';
import type { Event } from '../../core/events/event.ts';
import { checkContentHash, referenceText } from '../../core/events/hashes.ts';
import { type HouseRules, objectionTo } from '../../core/moderation/judgement.ts';
import type { BanLists } from './ban-lists.ts';
import { atMost } from '../../platform/at-most.ts';

/** How this server judges the events of rooms that have named it as their policy server. */
export interface PolicyServerSettings {
  /** `ed25519:policy_server`: not the key that the server signs its own events with, so that a room can do without it. */
  readonly key: SigningKey;
  readonly rules: HouseRules;
  /** Throws M_LIMIT_EXCEEDED for somebody who sends too much to a room. */
  readonly takeFromRate: (roomAndSender: string) => void;
}

const REMEMBERED_VERDICTS = 20_000;

/**
 * This server as a policy server. What it has once said of an event it says again, while it remembers: everybody in a
 * room may ask, and they should all hear the same. https://spec.matrix.org/latest/server-server-api/#policy-servers
 */
export class OwnPolicyServer {
  readonly key: SigningKey;
  readonly #settings: PolicyServerSettings;
  readonly #bans: Pick<BanLists, 'current'>;
  readonly #verdicts = new LRUCache<EventId, { readonly objection: string | undefined }>(atMost(REMEMBERED_VERDICTS));

  constructor(settings: PolicyServerSettings, bans: Pick<BanLists, 'current'>) {
    this.key = settings.key;
    this.#settings = settings;
    this.#bans = bans;
  }

  /** The signature of an event that is welcome. M_FORBIDDEN, status 400, for one that is not. */
  async sign(event: Event): Promise<string> {
    const objection = await this.#objectionTo(event);
    if (objection !== undefined) throw new MatrixError('M_FORBIDDEN', objection, { status: 400 });
    return signText(referenceText(event.pdu, event.version), this.key);
  }

  async #objectionTo(event: Event): Promise<string | undefined> {
    // Others take the content away from it before they show it, so what we would judge is not what they see.
    if (!checkContentHash(event)) return 'its content is not what was hashed';
    const known = this.#verdicts.get(event.eventId);
    if (known) return known.objection;
    const objection = objectionTo(event, this.#settings.rules, await this.#bans.current());
    if (objection === undefined && event.stateKey === undefined) {
      this.#settings.takeFromRate(`${event.roomId} ${event.sender}`);
    }
    this.#verdicts.set(event.eventId, { objection });
    return objection;
  }
}
