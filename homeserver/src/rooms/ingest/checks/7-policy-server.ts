import { MatrixError } from '@holm/spec/errors';
import type { EventId } from '@holm/spec/ids';
import type { Event } from '../../../core/events/event.ts';
import { FederationError } from '../../../federation/client/federation-error.ts';
import type { PolicyServers } from '../../policy/policy-servers.ts';
import type { Room } from '../../room.ts';

/** How many events a policy server is asked about at once. */
const AT_ONCE = 10;

export interface ByPolicy {
  /** With the policy server's signature, where it had to be asked for: others who ask us for them get it, too. */
  readonly events: readonly Event[];
  /** Why some of them are not welcome. */
  readonly unwelcome: ReadonlyMap<EventId, string>;
}

/**
 * Check 7: the room's policy server has signed the event, or does so now, "otherwise it is soft failed". A policy server
 * that cannot be asked has not signed. Outside of the room's queue, because it may take its time.
 */
export const checkByPolicyServer = async (
  policies: Pick<PolicyServers, 'of' | 'signed'>,
  room: Room,
  events: readonly Event[],
): Promise<ByPolicy> => {
  const signed: Event[] = [];
  const unwelcome = new Map<EventId, string>();
  const check = async (event: Event): Promise<Event> => {
    const policy = await policies.of(room, event);
    if (!policy) return event;
    try {
      return await policies.signed(event, policy);
    } catch (error) {
      if (!(error instanceof MatrixError) && !(error instanceof FederationError)) throw error;
      unwelcome.set(event.eventId, `the room's policy server has not signed it: ${error.message}`);
      return event;
    }
  };
  for (let start = 0; start < events.length; start += AT_ONCE) {
    signed.push(...(await Promise.all(events.slice(start, start + AT_ONCE).map(check))));
  }
  return { events: signed, unwelcome };
};
