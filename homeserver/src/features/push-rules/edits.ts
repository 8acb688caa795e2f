import { MatrixError } from '@holm/spec/errors';
import type { PushRule } from '../../core/push/default-rules.ts';
import type { RuleChange, RuleKind, StoredRules } from './ruleset.ts';

/** Where a rule goes among the user's own of its kind; without either, a new one goes to the top. */
export interface Place {
  /** Just before this rule, and so the next more important. It counts more than `after`. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** Adds the rule, or writes it in the place of the one of its name, whose switch stays as it is. */
export const withRule = (stored: StoredRules, kind: RuleKind, rule: PushRule, place: Place): StoredRules => {
  const rules = stored.own[kind] ?? [];
  const at = rules.findIndex(({ rule_id }) => rule_id === rule.rule_id);
  const written = { ...rule, enabled: rules[at]?.enabled ?? true };
  const others = rules.filter((_, index) => index !== at);
  const stays = at !== -1 && place.before === undefined && place.after === undefined;
  const index = stays ? at : indexOf(others, place);
  return withOwn(stored, kind, [...others.slice(0, index), written, ...others.slice(index)]);
};

/** M_NOT_FOUND for any but the user's own. */
export const withoutRule = (stored: StoredRules, kind: RuleKind, ruleId: string): StoredRules => {
  const rules = stored.own[kind] ?? [];
  const others = rules.filter(({ rule_id }) => rule_id !== ruleId);
  if (others.length === rules.length) throw notFound();
  return withOwn(stored, kind, others);
};

/** Changes the user's own rule, or remembers what is different about a predefined one, which has to exist. */
export const withChange = (
  stored: StoredRules,
  { kind, rule_id: ruleId, default: predefined }: Pick<PushRule, 'rule_id' | 'default'> & { kind: RuleKind },
  change: RuleChange,
): StoredRules => {
  if (predefined) {
    return { ...stored, changed: { ...stored.changed, [ruleId]: { ...stored.changed[ruleId], ...change } } };
  }
  const rules = stored.own[kind] ?? [];
  return withOwn(
    stored,
    kind,
    rules.map((rule) => (rule.rule_id === ruleId ? { ...rule, ...change } : rule)),
  );
};

export const notFound = () => new MatrixError('M_NOT_FOUND', 'there is no such push rule');

const withOwn = (stored: StoredRules, kind: RuleKind, rules: readonly PushRule[]): StoredRules => ({
  ...stored,
  own: { ...stored.own, [kind]: rules },
});

const indexOf = (rules: readonly PushRule[], { after, before }: Place): number => {
  const neighbour = before ?? after;
  if (neighbour === undefined) return 0;
  const index = rules.findIndex(({ rule_id }) => rule_id === neighbour);
  if (index === -1) throw new MatrixError('M_UNKNOWN', 'before/after rule not found', { status: 400 });
  return before === undefined ? index + 1 : index;
};
