import { MatrixError } from '@holm/spec/errors';
import { RoomId, UserId } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';
import { isHistorical, type PushAction, type PushCondition, type PushRule } from '../../core/push/default-rules.ts';
import type { RuleKind } from './ruleset.ts';

/** A rule as a client writes it. */
export interface RuleWish {
  readonly actions: readonly (string | JsonObject)[];
  readonly conditions?: readonly JsonObject[];
  readonly pattern?: string;
}

const invalid = (message: string) => new MatrixError('M_INVALID_PARAM', message);

/** https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3pushrulesglobalkindruleid */
export const parseRule = (kind: RuleKind, ruleId: string, wish: RuleWish): PushRule => {
  if (kind === 'postcontent') throw invalid('there are no rules of this kind but predefined ones');
  assertRuleId(kind, ruleId);
  const actions = parseActions(wish.actions);
  const rule = { rule_id: ruleId, default: false, enabled: true, actions };
  if (kind === 'override' || kind === 'underride')
    return { ...rule, conditions: parseConditions(wish.conditions ?? []) };
  if (kind !== 'content') return rule;
  if (wish.pattern === undefined) throw new MatrixError('M_MISSING_PARAM', 'a content rule needs a pattern');
  return { ...rule, pattern: wish.pattern };
};

/** Historical actions are kept: clients that still write them (NeoChat) know a room that they muted by `dont_notify`, and by no empty list. */
export const parseActions = (actions: RuleWish['actions']): PushAction[] =>
  actions.map((action) => {
    if (action === 'notify' || isHistorical(action)) return action;
    if (isObject(action) && typeof action['set_tweak'] === 'string') {
      const { set_tweak, value } = action;
      return { set_tweak, ...(value !== undefined && { value }) };
    }
    throw invalid('an action is neither notify nor a tweak');
  });

/** Conditions of kinds that we do not know are kept: they never match here, but a client may know them. */
const parseConditions = (conditions: readonly JsonObject[]): PushCondition[] => {
  if (!conditions.every(({ kind }) => typeof kind === 'string')) throw invalid('a condition has no kind');
  return conditions as unknown as PushCondition[];
};

const assertRuleId = (kind: RuleKind, ruleId: string): void => {
  if (ruleId.startsWith('.')) throw invalid('names that start with a dot are those of predefined rules');
  if (/[/\\]/.test(ruleId)) throw invalid('the name of a rule has no slashes');
  if (kind === 'room' && !RoomId.is(ruleId)) throw invalid('a room rule is named for its room');
  if (kind === 'sender' && !UserId.is(ruleId)) throw invalid('a sender rule is named for its sender');
};
