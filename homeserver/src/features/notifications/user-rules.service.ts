import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { UserId } from '@holm/spec/ids';
import { LRUCache } from 'lru-cache';
import { defaultPushRules, type PushRule, type PushRuleset, SUBSCRIBED_THREAD } from '../../core/push/default-rules.ts';
import { type CompiledRules, compileRules } from '../../core/push/evaluate.ts';
import type { RoomNid } from '../../rooms/model.ts';
import type { IgnoredBy } from '../../rooms/timeline/readers.ts';
import type { Position } from '../../streams/stream.ts';
import { atMost } from '../../platform/at-most.ts';

/** What decides of what notifies somebody. */
export interface UserRules {
  readonly compiled: CompiledRules;
  readonly ignored: ReadonlySet<UserId>;
  /** Roots of threads that the user follows; none where the rules do not look at that. */
  readonly subscribed: Subscribed;
  /** Equal for rules that decide alike, from one run of the server to the next. */
  readonly digest: string;
  /** Of state, nothing can notify but what the server's own rules say; see `unread.store.ts`. */
  readonly isPlain: boolean;
  /** They are those that everybody begins with. */
  readonly isStandard: boolean;
}

/** Roots of threads by room. */
export type Subscribed = ReadonlyMap<RoomNid, ReadonlySet<string>>;

interface Known {
  readonly version: number;
  readonly rules: UserRules;
}

export interface UserRulesDeps {
  readonly pushRules: { all(user: UserId): Promise<PushRuleset> };
  readonly ignoredUsers: { of: IgnoredBy };
  readonly threads: { subscribedBy(user: UserId): Promise<Subscribed> };
  /** Changes with every change of an account, and of which threads its user follows. */
  readonly versionOf: (user: UserId) => number;
  /** Where that stands in the stream of account data. */
  readonly changedAt: (user: UserId) => Position;
}

const CACHED_USERS = 10_000;
/** To be raised when the same rules come to other verdicts than before. */
const GENERATION = 1;
const NO_THREADS: Subscribed = new Map();

/** Everybody's rules, compiled once for each change of the account. */
export class AllUserRules {
  readonly #deps: UserRulesDeps;
  readonly #known = new LRUCache<UserId, Known>(atMost(CACHED_USERS));

  constructor(deps: UserRulesDeps) {
    this.#deps = deps;
  }

  /** A position of the stream of account data at which the user's rules may have changed last. */
  changedAt(user: UserId): Position {
    return this.#deps.changedAt(user);
  }

  /** From memory; nothing when that is out of date. */
  known(user: UserId): UserRules | undefined {
    const known = this.#known.get(user);
    return known?.version === this.#deps.versionOf(user) ? known.rules : undefined;
  }

  async of(user: UserId): Promise<UserRules> {
    // Read before the rules are: if they change meanwhile, what is kept is out of date at once.
    const version = this.#deps.versionOf(user);
    const known = this.#known.get(user);
    if (known?.version === version) return known.rules;
    const [ruleset, ignored] = await Promise.all([this.#deps.pushRules.all(user), this.#deps.ignoredUsers.of(user)]);
    const digest = digestOf([GENERATION, ruleset, [...ignored].sort()]);
    // Nearly every change of an account is about something else.
    const isSame = known?.rules.digest === digest;
    const compiled = isSame ? known.rules.compiled : this.#compile(user, ruleset);
    const subscribed = compiled.needsThreads ? await this.#deps.threads.subscribedBy(user) : NO_THREADS;
    const rules =
      isSame && subscribed === known.rules.subscribed
        ? known.rules
        : { compiled, ignored, subscribed, digest, isPlain: isPlain(ruleset), isStandard: isStandard(user, ruleset) };
    this.#known.set(user, { version, rules });
    return rules;
  }

  /** Everybody's shape is compared for each event: by a short name of it. */
  #compile(user: UserId, ruleset: PushRuleset): CompiledRules {
    const compiled = compileRules(ruleset, user);
    return { ...compiled, shape: digestOf(compiled.shape) };
  }
}

/** What decides of one room: as `digest`, and with the threads of that room. */
export const digestFor = ({ digest, subscribed }: UserRules, room: RoomNid): string => {
  const threads = subscribed.get(room);
  return threads ? `${digest} ${digestOf([...threads].sort())}` : digest;
};

const digestOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('base64url');

const isStandard = (user: UserId, ruleset: PushRuleset): boolean => isDeepStrictEqual(ruleset, defaultPushRules(user));

const notifies = ({ enabled, actions }: PushRule): boolean => enabled && actions.includes('notify');

/** The server's own rules, as long as they say what they said in the beginning, and rules that only keep quiet. */
const isPlain = (ruleset: PushRuleset): boolean =>
  Object.values(ruleset as unknown as Record<string, readonly PushRule[]>)
    .flat()
    .every((rule) => {
      if (rule.rule_id === '.m.rule.member_event') return rule.enabled && !notifies(rule);
      return NOTIFYING.has(rule.rule_id) || !notifies(rule);
    });

const NOTIFYING = new Set(
  ['invite_for_me', 'is_user_mention', 'is_room_mention', 'tombstone', 'call', 'message', 'encrypted']
    .concat('encrypted_room_one_to_one', 'room_one_to_one')
    .map((name) => `.m.rule.${name}`)
    // State is in no thread.
    .concat(SUBSCRIBED_THREAD),
);
