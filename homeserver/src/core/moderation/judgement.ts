import { serverOf, UserId } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';
import { membershipOf } from '../events/content.ts';
import type { Event } from '../events/event.ts';
import type { BanRules } from './ban-rules.ts';

/** What a policy server does not want in the rooms that it looks after, beside what ban lists say. */
export interface HouseRules {
  /** People that one message may mention. */
  readonly maxMentions: number;
  /** Values of `msgtype`, and types of events, that are refused. */
  readonly refusedTypes: ReadonlySet<string>;
}

/** Why an event is not wanted, in words that its sender may read; undefined where there is nothing against it. */
export const objectionTo = (event: Event, rules: HouseRules, bans: BanRules): string | undefined =>
  // Whoever is not wanted may always go, and be made to go.
  isFarewell(event) ? undefined : (objectionToPeople(event, bans) ?? objectionToContent(event, rules));

const isFarewell = (event: Event): boolean => {
  const membership = event.type === 'm.room.member' ? membershipOf(event) : undefined;
  return membership === 'leave' || membership === 'ban';
};

const objectionToPeople = ({ type, stateKey, sender }: Event, bans: BanRules): string | undefined => {
  const people = new Set([sender, ...(type === 'm.room.member' && UserId.is(stateKey) ? [stateKey] : [])]);
  for (const user of people) {
    const rule = bans.about('user', user) ?? bans.about('server', hostOf(user));
    if (rule) return `${user} is on a ban list${rule.reason === undefined ? '' : `: ${rule.reason}`}`;
  }
  return undefined;
};

/** Lists name servers as server ACLs do, without their ports. */
const hostOf = (user: UserId): string => serverOf(user).replace(/:\d+$/, '').toLowerCase();

const objectionToContent = ({ type, content }: Event, rules: HouseRules): string | undefined => {
  const { msgtype } = content;
  for (const name of [type, msgtype]) {
    if (typeof name === 'string' && rules.refusedTypes.has(name)) return `${name} is not wanted here`;
  }
  const mentions = mentionsIn(content);
  return mentions > rules.maxMentions ? `${mentions} people are mentioned, ${rules.maxMentions} may be` : undefined;
};

/** People who are mentioned as clients do it now, or, where those count fewer, linked to as they did before. */
const mentionsIn = (content: JsonObject): number => {
  const { 'm.mentions': mentions, formatted_body: html } = content;
  const listed = isObject(mentions) ? mentions['user_ids'] : undefined;
  const linked = typeof html === 'string' ? html.match(/https:\/\/matrix\.to\/#\/(?:@|%40)[^"'?]+/g) : null;
  return Math.max(new Set(Array.isArray(listed) ? listed : []).size, new Set(linked).size);
};
