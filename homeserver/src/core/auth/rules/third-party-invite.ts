import { isObject } from '@holm/spec/json';
import type { StateEvent } from '../../events/event.ts';
import { keysThatSigned } from '../../events/third-party-invite.ts';
import type { Verdict } from '../../verdict.ts';
import { ALLOW, refuse } from '../../verdict.ts';
import type { AuthState } from '../auth-state.ts';
import { membershipOf } from '../auth-state.ts';
import { member } from '../power-levels.ts';

/**
 * An invite that redeems an `m.room.third_party_invite`: the identity server says that the invited address belongs
 * to the target user. Whoever sent the original invite need not be in the room any more.
 */
export const checkThirdPartyInvite = (event: StateEvent, state: AuthState): Verdict => {
  if (membershipOf(event.stateKey, state) === 'ban') return refuse('the target user is banned');
  const signed = member(event.content['third_party_invite'], 'signed');
  if (!isObject(signed)) return refuse('the third party invite is not signed');
  const { mxid, token } = signed;
  if (typeof mxid !== 'string' || typeof token !== 'string') {
    return refuse('the third party invite has no mxid or no token');
  }
  if (mxid !== event.stateKey) return refuse('the third party invite is for another user');
  const original = state('m.room.third_party_invite', token);
  if (original === undefined) return refuse('there is no third party invite with this token');
  if (original.sender !== event.sender) return refuse('the sender did not send the original third party invite');
  return keysThatSigned(signed, original).length > 0 ? ALLOW : refuse('no key of the third party invite signed it');
};
