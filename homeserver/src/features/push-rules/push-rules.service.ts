import { MatrixError } from '@holm/spec/errors';
import type { UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { PushRule, PushRuleset } from '../../core/push/default-rules.ts';
import type { AccountData } from '../account-data/index.ts';
import { notFound, type Place, withChange, withoutRule, withRule } from './edits.ts';
import { parseActions, parseRule, type RuleWish } from './rule.ts';
import {
  fromContent,
  type RuleChange,
  type RuleKind,
  rulesetOf,
  type StoredRules,
  toContent,
  withThreads,
} from './ruleset.ts';

/** Rules are read for every message that their owner receives. */
const MAX_BYTES = 256 * 1024;

export interface RuleName {
  readonly kind: RuleKind;
  readonly ruleId: string;
}

/** What is worth telling somebody about. */
export class PushRules {
  readonly #accountData: Pick<AccountData, 'get' | 'update'>;

  constructor(accountData: Pick<AccountData, 'get' | 'update'>) {
    this.#accountData = accountData;
  }

  async all(userId: UserId): Promise<PushRuleset> {
    const content = await this.#accountData.get(keyOf(userId));
    return content['global'] as unknown as PushRuleset;
  }

  /** M_NOT_FOUND without such a rule. */
  async get(userId: UserId, name: RuleName): Promise<PushRule> {
    return find(await this.all(userId), name);
  }

  async set(userId: UserId, { kind, ruleId }: RuleName, wish: RuleWish & { readonly place: Place }): Promise<void> {
    const rule = parseRule(kind, ruleId, wish);
    await this.#update(userId, (stored) => withRule(stored, kind, rule, wish.place));
  }

  async remove(userId: UserId, { kind, ruleId }: RuleName): Promise<void> {
    await this.#update(userId, (stored) => withoutRule(stored, kind, ruleId));
  }

  async setEnabled(userId: UserId, name: RuleName, enabled: boolean): Promise<void> {
    await this.#change(userId, name, { enabled });
  }

  async setActions(userId: UserId, name: RuleName, actions: RuleWish['actions']): Promise<void> {
    await this.#change(userId, name, { actions: parseActions(actions) });
  }

  /** Somebody has begun to follow a thread, or ceased to: their rules, which look at that, come to other verdicts. */
  async threadsChanged(userId: UserId): Promise<void> {
    await this.#update(userId, withThreads);
  }

  async #change(userId: UserId, name: RuleName, change: RuleChange): Promise<void> {
    await this.#update(userId, (stored) => {
      const rule = find(rulesetOf(userId, stored), name);
      return withChange(stored, { ...rule, kind: name.kind }, change);
    });
  }

  async #update(userId: UserId, change: (stored: StoredRules) => StoredRules): Promise<void> {
    await this.#accountData.update(keyOf(userId), (content: JsonObject | undefined) => {
      const changed = toContent(change(fromContent(content)));
      if (Buffer.byteLength(JSON.stringify(changed)) > MAX_BYTES) {
        throw new MatrixError('M_TOO_LARGE', 'there are too many push rules');
      }
      return changed;
    });
  }
}

const keyOf = (userId: UserId) => ({ userId, roomId: undefined, type: 'm.push_rules' });

const find = (rules: PushRuleset, { kind, ruleId }: RuleName): PushRule => {
  const rule = rules[kind].find(({ rule_id }) => rule_id === ruleId);
  if (!rule) throw notFound();
  return rule;
};
