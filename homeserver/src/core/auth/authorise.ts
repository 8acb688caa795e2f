import { serverOf } from '@holm/spec/ids';
import type { Event } from '../events/event.ts';
import type { Verdict } from '../verdict.ts';
import { ALLOW, refuse } from '../verdict.ts';
import type { AuthState } from './auth-state.ts';
import { membershipOf } from './auth-state.ts';
import { mayInvite, powerLevelOf, requiredLevel } from './power-levels.ts';
import { checkAliases } from './rules/aliases.ts';
import { checkCreate } from './rules/create.ts';
import { checkMember } from './rules/member.ts';
import { checkPowerLevels } from './rules/power-levels.ts';
import { checkRedaction } from './rules/redaction.ts';

/**
 * The authorisation rules of the event's room version, against a given state: that of its auth events, that before
 * it, or the current one. https://spec.matrix.org/latest/server-server-api/#authorization-rules
 *
 * Two things are checked elsewhere: the entries of `auth_events` by `checkAuthEvents`, and signatures (also that of
 * the server of `join_authorised_via_users_server`) on receipt, where keys are known.
 */
export const authorise = (event: Event, state: AuthState): Verdict => {
  if (event.type === 'm.room.create') return checkCreate(event);
  const create = state('m.room.create', '');
  if (create === undefined) return refuse('the room has no create event');
  const room = checkRoom(event, create);
  if (!room.allowed) return room;
  const { auth } = event.version;
  if (event.type === 'm.room.aliases' && auth.aliasesSpecialCase) return checkAliases(event);
  if (event.type === 'm.room.member') return checkMember(event, state);
  return checkByMember(event, state);
};

/** Whether the create event is that of the event's room, and lets the sender's server in. */
export const checkRoom = (event: Event, create: Event): Verdict => {
  if (event.roomId !== create.roomId) return refuse('the create event is of another room');
  // The create event's room id is derived in such versions, so that a foreign one cannot pass by claiming it.
  if (event.version.roomIds === 'create hash' && event.roomId.slice(1) !== create.eventId.slice(1)) {
    return refuse('the room id is not that of the create event');
  }
  const federates = create.content['m.federate'] !== false || serverOf(event.sender) === serverOf(create.sender);
  return federates ? ALLOW : refuse('the room does not federate');
};

/** What only members may send: everything but memberships, and aliases once. */
const checkByMember = (event: Event, state: AuthState): Verdict => {
  const { type, sender, stateKey } = event;
  if (membershipOf(sender, state) !== 'join') return refuse('the sender is not in the room');
  if (type === 'm.room.third_party_invite') {
    return mayInvite(sender, state) ? ALLOW : refuse("the sender's power level is below the invite level");
  }
  if (powerLevelOf(sender, state) < requiredLevel(state, type, stateKey !== undefined)) {
    return refuse(`the sender's power level is below that of ${type}`);
  }
  if (stateKey?.startsWith('@') === true && stateKey !== sender) return refuse('the state key is another user');
  return checkByType(event, state);
};

const checkByType = (event: Event, state: AuthState): Verdict => {
  if (event.type === 'm.room.power_levels') return checkPowerLevels(event, state);
  return event.type === 'm.room.redaction' && event.version.auth.redactionRule ? checkRedaction(event, state) : ALLOW;
};
