import type { UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import type { Event } from '../events/event.ts';
import {
  isHistorical,
  type PushAction,
  type PushCondition,
  type PushRule,
  type PushRuleset,
  THREAD_SUBSCRIPTION,
} from './default-rules.ts';
import { Effort, wholeText, wordsIn } from './pattern.ts';
import { parsePath, valueAt } from './property.ts';

/** An event as the rules look at it, the same for everybody: made once, so that its long text is put into lower case once. */
export class PushEvent {
  readonly json: JsonObject;
  #long = '';
  #longInLowerCase = '';

  constructor({ type, sender, roomId, eventId, stateKey, sentAt, content }: Event) {
    this.json = {
      type,
      sender,
      room_id: roomId,
      event_id: eventId,
      origin_server_ts: sentAt,
      content,
      ...(stateKey !== undefined && { state_key: stateKey }),
    };
  }

  lower(text: string): string {
    if (text.length < LONG) return text.toLowerCase();
    if (text !== this.#long) {
      this.#long = text;
      this.#longInLowerCase = text.toLowerCase();
    }
    return this.#longInLowerCase;
  }
}

/** So many characters are put into lower case anew, rather than remembered for each event. */
const LONG = 200;

/** What the rules may ask beside the event. */
export interface Surroundings {
  readonly memberCount: number;
  /** Of the rules' owner, in the room. */
  readonly displayName: string | undefined;
  /** Whether the event's sender has the power to notify everybody by `key`. */
  readonly mayNotify: (key: string) => boolean;
  /** The root of the thread that the event is in, or `main`. */
  readonly thread?: string;
  /** Roots of threads that the rules' owner follows, where that is looked at. */
  readonly subscribed?: ReadonlySet<string> | undefined;
  /** For one event and what else is the same for everybody: which rule decides of those that are not about anybody. */
  readonly decided?: Map<string, number>;
}

type Holds = (event: PushEvent, surroundings: Surroundings, effort: Effort) => boolean;

interface CompiledRule {
  readonly conditions: readonly Holds[];
  readonly verdict: Verdict;
  /** It looks at who its owner is, or what they are called. */
  readonly isPersonal: boolean;
}

/** What is to be done about an event. */
export interface Verdict {
  readonly ruleId: string;
  readonly actions: readonly PushAction[];
  readonly notify: boolean;
  /** Never without `notify`. */
  readonly highlight: boolean;
}

/** A user's rules, ready to be asked. They are compiled once for each change of them. */
export interface CompiledRules {
  readonly rules: readonly CompiledRule[];
  /** Whether `Surroundings.displayName` is looked at. */
  readonly needsDisplayName: boolean;
  /** Whether `Surroundings.subscribed` is looked at. */
  readonly needsThreads: boolean;
  /** The rules with whoever they are of left out, as JSON: rules of one shape differ in their personal ones alone. */
  readonly shape: string;
}

/** JSON holds no such character, but escaped. */
const OWNER = '\0';

/** Disabled rules, and those with a condition that nobody can know or that makes no sense, never match: they are left out. */
export const compileRules = (ruleset: PushRuleset, owner: UserId): CompiledRules => {
  const id = JSON.stringify(owner).slice(1, -1);
  const compile = (rules: readonly PushRule[], conditionsOf: (rule: PushRule) => readonly PushCondition[]) =>
    compileKind(rules, conditionsOf, (rule) => isPersonal(rule, id));
  const rules = [
    ...compile(ruleset.override, (rule) => rule.conditions ?? []),
    ...compile(ruleset.content, ({ pattern }) => [
      { kind: 'event_match', key: 'content.body', pattern: pattern as string },
    ]),
    ...compile(ruleset.postcontent, (rule) => rule.conditions ?? []),
    ...compile(ruleset.room, exactly('room_id')),
    ...compile(ruleset.sender, exactly('sender')),
    ...compile(ruleset.underride, (rule) => rule.conditions ?? []),
  ];
  const general = [...ruleset.override, ...ruleset.postcontent, ...ruleset.underride].filter(({ enabled }) => enabled);
  const asks = (wanted: PushCondition['kind']) =>
    general.some(({ conditions = [] }) => conditions.some(({ kind }) => kind === wanted));
  return {
    rules,
    needsDisplayName: asks('contains_display_name'),
    needsThreads: asks(THREAD_SUBSCRIPTION),
    shape: JSON.stringify(ruleset).replaceAll(id, OWNER),
  };
};

const PERSONAL: ReadonlySet<string> = new Set(['contains_display_name', THREAD_SUBSCRIPTION]);

const isPersonal = (rule: PushRule, owner: string): boolean =>
  JSON.stringify(rule).includes(owner) || (rule.conditions ?? []).some(({ kind }) => PERSONAL.has(kind));

/** The first rule that matches decides. https://spec.matrix.org/latest/client-server-api/#push-rules */
export const evaluate = (
  { rules, shape }: CompiledRules,
  event: PushEvent,
  surroundings: Surroundings,
): Verdict | undefined => {
  const { decided } = surroundings;
  const effort = new Effort();
  const matches = ({ conditions }: CompiledRule) => conditions.every((holds) => holds(event, surroundings, effort));
  if (!decided) return rules.find(matches)?.verdict;
  // What is said in a room mostly comes to the same for all who are in it: only what is about each of them is asked again.
  const known = decided.get(shape) ?? rules.findIndex((rule) => !rule.isPersonal && matches(rule));
  if (decided.size < MAX_SHAPES) decided.set(shape, known);
  const personal = rules.findIndex((rule, i) => rule.isPersonal && (known < 0 || i < known) && matches(rule));
  return rules[personal < 0 ? known : personal]?.verdict;
};

/** Of one event; whose rules are of yet another shape have them asked in full. */
const MAX_SHAPES = 100;

const exactly =
  (key: 'room_id' | 'sender') =>
  ({ rule_id: value }: PushRule): readonly PushCondition[] => [{ kind: 'event_property_is', key, value }];

const compileKind = (
  rules: readonly PushRule[],
  conditionsOf: (rule: PushRule) => readonly PushCondition[],
  isOfOwner: (rule: PushRule) => boolean,
): CompiledRule[] =>
  rules.flatMap((rule) => {
    const conditions = rule.enabled ? conditionsOf(rule).map(compileCondition) : [undefined];
    if (!conditions.every((condition) => condition !== undefined)) return [];
    return [{ conditions, verdict: verdictOf(rule), isPersonal: isOfOwner(rule) }];
  });

const verdictOf = ({ rule_id: ruleId, actions: written }: PushRule): Verdict => {
  const actions = written.filter((action) => !isHistorical(action));
  const notify = actions.includes('notify');
  const highlight = actions.some(
    (action) => typeof action === 'object' && action.set_tweak === 'highlight' && action.value !== false,
  );
  return { ruleId, actions, notify, highlight: notify && highlight };
};

/** Conditions are whatever a client has stored: nothing for one that can never hold. */
const compileCondition = (condition: PushCondition): Holds | undefined => {
  switch (condition.kind) {
    case 'event_match':
      return eventMatch(condition.key, condition.pattern);
    case 'event_property_is':
      return property(condition.key, condition.value, (found, value) => found === value);
    case 'event_property_contains':
      return property(
        condition.key,
        condition.value,
        (found, value) => Array.isArray(found) && (found as readonly Json[]).includes(value),
      );
    case 'contains_display_name':
      return containsDisplayName;
    case 'room_member_count':
      return memberCount(condition.is);
    case 'sender_notification_permission':
      return senderMayNotify(condition.key);
    case THREAD_SUBSCRIPTION:
      return threadSubscription(condition.subscribed);
    default:
      return undefined;
  }
};

/** Case does not matter. In a message's text it is words that are looked for. */
const eventMatch = (key: unknown, pattern: unknown): Holds | undefined => {
  if (typeof key !== 'string' || typeof pattern !== 'string') return undefined;
  const path = parsePath(key);
  const isFound = key === 'content.body' ? wordsIn(pattern) : wholeText(pattern);
  return (event, _, effort) => {
    const value = valueAt(event.json, path);
    return typeof value === 'string' && isFound(event.lower(value), effort);
  };
};

/** Exactly that value, which is none that holds others. */
const property = (
  key: unknown,
  value: Json | undefined,
  isGood: (found: Json, value: Json) => boolean,
): Holds | undefined => {
  if (typeof key !== 'string' || value === undefined || (typeof value === 'object' && value !== null)) return undefined;
  const path = parsePath(key);
  return ({ json }) => {
    const found = valueAt(json, path);
    return found !== undefined && isGood(found, value);
  };
};

const BODY = ['content', 'body'];

const containsDisplayName: Holds = (event, { displayName }, effort) => {
  const body = valueAt(event.json, BODY);
  if (displayName === undefined || displayName === '' || typeof body !== 'string') return false;
  // A name is no pattern, whatever is in it.
  return includesWords(event.lower(body), displayName.toLowerCase(), effort);
};

const includesWords = (text: string, words: string, effort: Effort): boolean => {
  const isWord = (character: string) => /[a-z0-9_]/.test(character);
  for (let at = text.indexOf(words); at >= 0 && effort.left > 0; at = text.indexOf(words, at + 1)) {
    effort.left -= words.length;
    if (!isWord(text.charAt(at - 1)) && !isWord(text.charAt(at + words.length))) return true;
  }
  return false;
};

const COUNT = /^(==|<=|>=|<|>)?(\d{1,15})$/;

const COMPARE: Readonly<Record<string, (count: number, wanted: number) => boolean>> = {
  '==': (count, wanted) => count === wanted,
  '<': (count, wanted) => count < wanted,
  '>': (count, wanted) => count > wanted,
  '<=': (count, wanted) => count <= wanted,
  '>=': (count, wanted) => count >= wanted,
};

const memberCount = (is: unknown): Holds | undefined => {
  const [, operator = '==', wanted] = (typeof is === 'string' && COUNT.exec(is)) || [];
  const compare = COMPARE[operator];
  if (wanted === undefined || !compare) return undefined;
  return (_, surroundings) => compare(surroundings.memberCount, Number(wanted));
};

const senderMayNotify = (key: unknown): Holds | undefined =>
  typeof key === 'string' ? (_, { mayNotify }) => mayNotify(key) : undefined;

/** State is no part of any thread, whatever it says that it relates to. */
const threadSubscription = (wanted: unknown): Holds | undefined =>
  typeof wanted === 'boolean'
    ? ({ json }, { thread = 'main', subscribed }) =>
        thread !== 'main' && !('state_key' in json) && (subscribed?.has(thread) ?? false) === wanted
    : undefined;
