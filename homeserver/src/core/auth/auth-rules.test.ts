import { expect } from 'chai';
import { roomVersions } from '../rooms/room-version.ts';
import { CaseRoom } from './testing/case-room.ts';
import { authEventCases } from './testing/cases/auth-events.ts';
import { createCases } from './testing/cases/create.ts';
import { inviteCases } from './testing/cases/invites.ts';
import { joinCases } from './testing/cases/joins.ts';
import { leaveCases } from './testing/cases/leaves.ts';
import { levelCases } from './testing/cases/levels.ts';
import { otherCases } from './testing/cases/others.ts';
import type { RuleCase } from './testing/rule-case.ts';
import { RULES } from './testing/rules.ts';

const CASES = [createCases, authEventCases, joinCases, inviteCases, leaveCases, levelCases, otherCases].flat();
const VERSIONS = roomVersions.map(({ id }) => Number(id));

const rules = new Map(RULES.map((rule) => [rule.name, rule]));
const numberIn = (name: string, version: number): string | undefined =>
  rules.get(name)?.numbers.find(([from, to]) => from <= version && version <= to)?.[2];
const versionsOf = ({ rule, from, to }: RuleCase): number[] =>
  VERSIONS.filter((version) => from <= version && version <= to && numberIn(rule, version) !== undefined);

describe('every authorisation rule', () => {
  for (const { name, numbers } of RULES) {
    describe(`${name} (${numbers.map(([from, to, number]) => `${from}-${to}: ${number}`).join(', ')})`, () => {
      for (const one of CASES.filter(({ rule }) => rule === name)) {
        it(`${one.allowed ? 'allows' : 'refuses'} ${one.what}`, () => {
          const reason = one.reason ?? rules.get(name)?.reasons[0];
          const expected = one.allowed ? { allowed: true } : { allowed: false, reason };
          for (const version of versionsOf(one)) {
            const verdict = one.judge(new CaseRoom(`${version}`, one.create));
            expect(verdict, `version ${version}`).to.eql(expected);
          }
        });
      }
    });
  }
});

describe('the list of authorisation rules', () => {
  it('has a case that allows and one that refuses for each rule of each version', () => {
    const covered = new Set(
      CASES.flatMap((one) => versionsOf(one).map((version) => `${one.rule} ${one.allowed} ${version}`)),
    );
    const needed = RULES.flatMap(({ name }) =>
      VERSIONS.filter((version) => numberIn(name, version) !== undefined).flatMap((version) =>
        [true, false].map((allowed) => `${name} ${allowed} ${version}`),
      ),
    );
    expect(needed.filter((one) => !covered.has(one))).to.eql([]);
  });

  it('has no case of a rule that there is not, in no version, or for another reason', () => {
    const stray = CASES.filter((one) => {
      const known = rules.get(one.rule)?.reasons ?? [];
      return versionsOf(one).length === 0 || (one.reason !== undefined && !known.includes(one.reason));
    });
    expect(stray.map(({ rule, what }) => `${rule}: ${what}`)).to.eql([]);
  });

  it('has a case for every reason that a rule may give', () => {
    const given = new Set(
      CASES.filter(({ allowed }) => !allowed).map(
        ({ rule, reason }) => `${rule}: ${reason ?? rules.get(rule)?.reasons[0]}`,
      ),
    );
    const possible = RULES.flatMap(({ name, reasons }) => reasons.map((reason) => `${name}: ${reason}`));
    expect(possible.filter((one) => !given.has(one))).to.eql([]);
  });

  it('has no name and no case twice', () => {
    expect(rules.size).to.equal(RULES.length);
    const names = CASES.map(({ rule, allowed, what, from }) => `${rule} ${allowed} ${what} ${from}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).to.eql([]);
  });

  // Counted in the specification's lists: every item that decides something, with the two
  // places for keys of 5.3.1.7 and, before version 12, the unwritten 2.5.
  const COUNTS = [61, 61, 58, 58, 58, 55, 59, 63, 63, 65, 64, 66];
  for (const [index, version] of VERSIONS.entries()) {
    it(`numbers all ${COUNTS[index]} rules of version ${version} without a gap`, () => {
      const numbers = RULES.map(({ name }) => numberIn(name, version)).filter((number) => number !== undefined);
      expect(new Set(numbers).size).to.equal(numbers.length);
      const children = new Map<string, Set<number>>();
      for (const number of numbers) {
        const parts = number.split('.').map(Number);
        for (let depth = 0; depth < parts.length; depth += 1) {
          const parent = parts.slice(0, depth).join('.');
          children.set(parent, (children.get(parent) ?? new Set()).add(parts[depth] ?? 0));
        }
      }
      for (const [parent, found] of children) {
        expect(
          [...found].sort((a, b) => a - b),
          `below ${parent}`,
        ).to.eql(Array.from(found, (_, n) => n + 1));
      }
      expect(numbers.length).to.equal(COUNTS[index]);
    });
  }
});
