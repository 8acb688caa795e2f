import type { ServerName } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { sendInviteV1, sendInviteV2 } from '@holm/spec/server-server/invites';
import type { Event } from '../../core/events/event.ts';
import type { FederationClient } from '../../federation/client/client.ts';
import { FederationError } from '../../federation/client/federation-error.ts';

interface Invite {
  readonly event: Event;
  readonly told: readonly JsonObject[];
}

/**
 * Gives an invite to the invited user's server; resolves to what it answers with. Servers that do not know the second
 * version of the operation know only the first two versions of rooms.
 */
export const giveInvite = async (
  client: Pick<FederationClient, 'call'>,
  server: ServerName,
  { event, told }: Invite,
): Promise<Json> => {
  const params = { roomId: event.roomId, eventId: event.eventId };
  try {
    const body = { room_version: event.version.id, event: event.pdu, invite_room_state: [...told] };
    return (await client.call(server, sendInviteV2, { params, body, ignoreBackOff: true })).event;
  } catch (error) {
    const isOld = error instanceof FederationError && (error.status === 400 || error.status === 404);
    if (!isOld || event.version.eventIds !== 'supplied') throw error;
  }
  const body = { ...event.pdu, unsigned: { invite_room_state: [...told] } };
  const [, answer] = await client.call(server, sendInviteV1, { params, body, ignoreBackOff: true });
  return answer.event as Json;
};
