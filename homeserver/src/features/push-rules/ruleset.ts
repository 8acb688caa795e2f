import type { UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import {
  defaultPushRules,
  type PushAction,
  type PushRule,
  type PushRuleset,
  SUBSCRIBED_THREAD,
  UNSUBSCRIBED_THREAD,
} from '../../core/push/default-rules.ts';

export type RuleKind = keyof PushRuleset;

/**
 * What is stored of somebody's push rules: only what differs from the predefined ones, so that these can change with
 * the specification.
 */
export interface StoredRules {
  /** The user's own rules, the most important first. */
  readonly own: Partial<Readonly<Record<RuleKind, readonly PushRule[]>>>;
  /** What the user changed of predefined rules. */
  readonly changed: Readonly<Record<string, RuleChange>>;
}

export interface RuleChange {
  readonly enabled?: boolean;
  readonly actions?: readonly PushAction[];
}

const NO_RULES: StoredRules = { own: {}, changed: {} };
const MASTER = '.m.rule.master';

/** Nobody but `toContent` writes it. */
export const fromContent = (content: JsonObject | undefined): StoredRules =>
  content ? (content as unknown as StoredRules) : NO_RULES;

export const toContent = (stored: StoredRules): JsonObject => ({ ...stored }) as unknown as JsonObject;

/** All rules of a user in the order in which they are asked. The master switch comes before everything. */
export const rulesetOf = (userId: UserId, { own, changed }: StoredRules): PushRuleset => {
  const predefined = defaultPushRules(userId);
  const rulesOf = (kind: RuleKind): PushRule[] => {
    const theirs = predefined[kind].map((rule) => ({ ...rule, ...changed[rule.rule_id] }));
    const master = theirs.filter((rule) => rule.rule_id === MASTER);
    const others = theirs.filter((rule) => rule.rule_id !== MASTER);
    return [...master, ...(own[kind] ?? []), ...others];
  };
  return {
    override: rulesOf('override'),
    content: rulesOf('content'),
    postcontent: rulesOf('postcontent'),
    room: rulesOf('room'),
    sender: rulesOf('sender'),
    underride: rulesOf('underride'),
  };
};

/** From now on it matters which threads their owner follows, unless the owner wanted it otherwise. */
export const withThreads = (stored: StoredRules): StoredRules => {
  const on = [UNSUBSCRIBED_THREAD, SUBSCRIBED_THREAD].map((id) => [id, { enabled: true, ...stored.changed[id] }]);
  return { ...stored, changed: { ...stored.changed, ...(Object.fromEntries(on) as StoredRules['changed']) } };
};

/** The `m.push_rules` that clients see among their account data. */
export const pushRulesContent = (userId: UserId, stored: JsonObject | undefined): JsonObject => ({
  global: rulesetOf(userId, fromContent(stored)) as unknown as JsonObject,
});
