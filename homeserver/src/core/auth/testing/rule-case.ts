import type { JsonObject } from '@holm/spec/json';
import type { Verdict } from '../../verdict.ts';
import type { CaseRoom } from './case-room.ts';

/** An event that a rule lets pass, or refuses. */
export interface RuleCase {
  /** The name of the rule that decides. */
  readonly rule: string;
  readonly what: string;
  readonly allowed: boolean;
  /** Where it is refused: with which of the rule's reasons, if not with the first. */
  readonly reason: string | undefined;
  /** The versions it is about, where that is not all that have the rule. */
  readonly from: number;
  readonly to: number;
  /** More content of the room's create event. */
  readonly create: JsonObject;
  readonly judge: (room: CaseRoom) => Verdict;
}

type Options = Partial<Pick<RuleCase, 'from' | 'to' | 'create' | 'reason'>>;
type Judge = RuleCase['judge'];

const caseOf = (allowed: boolean, rule: string, what: string, judge: Judge): ((options: Options) => RuleCase) => {
  return ({ from = 1, to = 12, create = {}, reason }) => ({ rule, what, allowed, reason, from, to, create, judge });
};

export const allow = (rule: string, what: string, judge: Judge, options: Options = {}): RuleCase =>
  caseOf(true, rule, what, judge)(options);

export const refuse = (rule: string, what: string, judge: Judge, options: Options = {}): RuleCase =>
  caseOf(false, rule, what, judge)(options);
