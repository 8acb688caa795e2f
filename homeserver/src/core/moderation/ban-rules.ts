import type { JsonObject } from '@holm/spec/json';
import { matchesGlob } from '../acl/server-acl.ts';

/** Whom or what a rule is about. */
export type BanTarget = 'user' | 'server' | 'room';

/** A rule of a moderation policy list that recommends a ban: https://spec.matrix.org/latest/client-server-api/#moderation-policy-lists */
export interface BanRule {
  readonly target: BanTarget;
  /** A glob of user ids, server names or room ids. */
  readonly entity: string;
  readonly reason: string | undefined;
}

// NOTSPEC: lists that were begun before the types were accepted still have the ones of the bots that made them.
const TYPE = /^(?:m\.policy\.rule|m\.room\.rule|org\.matrix\.mjolnir\.rule)\.(user|server|room)$/;
const BANS = new Set<unknown>(['m.ban', 'org.matrix.mjolnir.ban']);

/** Undefined for what is no rule, for one that has been taken back, and for what recommends something else. */
export const banRuleOf = (type: string, content: JsonObject): BanRule | undefined => {
  const target = TYPE.exec(type)?.[1] as BanTarget | undefined;
  const { entity, recommendation, reason } = content;
  if (target === undefined || typeof entity !== 'string' || entity === '' || !BANS.has(recommendation))
    return undefined;
  return { target, entity, reason: typeof reason === 'string' ? reason : undefined };
};

/** Rules of any number, found by name at once; only those with wildcards are gone through. */
export class BanRules {
  readonly #named = new Map<string, BanRule>();
  readonly #globs: BanRule[] = [];

  constructor(rules: Iterable<BanRule>) {
    for (const rule of rules) {
      if (/[*?]/.test(rule.entity)) this.#globs.push(rule);
      else this.#named.set(`${rule.target} ${rule.entity}`, rule);
    }
  }

  /** A rule that is about it, if there is one. */
  about(target: BanTarget, name: string): BanRule | undefined {
    return (
      this.#named.get(`${target} ${name}`) ??
      this.#globs.find((rule) => rule.target === target && matchesGlob(rule.entity, name))
    );
  }
}
