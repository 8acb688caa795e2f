import { UserId } from '@holm/spec/ids';
import type { Event } from '../events/event.ts';

/**
 * The room state that an event is judged by. The create event is found under `('m.room.create', '')` in every
 * version, also where the room id implies it.
 */
export type AuthState = (type: string, stateKey: string) => Event | undefined;

/** A user's membership as it is written; `leave` for somebody who never was in the room. */
export const membershipOf = (user: string, state: AuthState): string => {
  const membership = state('m.room.member', user)?.content['membership'];
  return typeof membership === 'string' ? membership : 'leave';
};

/** Rooms without a join rule admit by invitation only. A rule that is not a string admits nobody. */
export const joinRuleOf = (state: AuthState): string => {
  const event = state('m.room.join_rules', '');
  const rule = event === undefined ? undefined : event.content['join_rule'];
  if (rule === undefined) return 'invite';
  return typeof rule === 'string' ? rule : 'private';
};

/** Who created the room. Only where creators are privileged can there be more than one. */
export const creatorsOf = (create: Event): readonly UserId[] => {
  switch (create.version.auth.creator) {
    case 'content':
      return [create.content['creator']].filter(UserId.is);
    case 'sender':
      return [create.sender];
    case 'sender and additional': {
      const additional = create.content['additional_creators'];
      return [create.sender, ...(Array.isArray(additional) ? additional.filter(UserId.is) : [])];
    }
  }
};
