import { MatrixError } from '@holm/spec/errors';
import { RoomId, type ServerName, serverOf } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Event } from '../../core/events/event.ts';
import { isRefused, parsePdu } from '../../core/events/parse-pdu.ts';
import { isExempt } from '../../core/events/policy.ts';
import { POLICY_KEY_ID } from '../../core/events/signatures.ts';
import type { EventVerifier } from '../../rooms/ingest/ports.ts';
import type { OwnPolicyServer } from '../../rooms/policy/own-policy-server.ts';
import type { PolicyServers } from '../../rooms/policy/policy-servers.ts';
import type { Room } from '../../rooms/room.ts';
import type { Rooms } from '../../rooms/rooms.ts';

export interface PolicyServerDeps {
  readonly serverName: ServerName;
  readonly own: Pick<OwnPolicyServer, 'sign'>;
  readonly policies: Pick<PolicyServers, 'of'>;
  readonly rooms: Rooms;
  readonly verifier: EventVerifier;
  readonly isAllowed: (room: Room, server: ServerName) => Promise<boolean>;
}

/** What other servers ask of this one as the policy server of a room. */
export class PolicyServer {
  readonly #deps: PolicyServerDeps;

  constructor(deps: PolicyServerDeps) {
    this.#deps = deps;
  }

  /** M_NOT_FOUND for a room that it does not look after. */
  async sign(origin: ServerName, pdu: JsonObject): Promise<JsonObject> {
    const { serverName, own, policies, isAllowed } = this.#deps;
    const room = await this.#roomOf(pdu);
    if (!(await isAllowed(room, origin))) throw new MatrixError('M_FORBIDDEN', 'your server is denied in this room');
    const event = parsePdu(pdu, room.version);
    if (isRefused(event)) throw new MatrixError('M_BAD_JSON', event.refused);
    if (isExempt(event)) throw new MatrixError('M_FORBIDDEN', 'nobody has to ask about this one', { status: 400 });
    if ((await policies.of(room, event))?.via !== serverName) throw notOurs();
    await this.#assertGenuine(origin, event);
    return { [serverName]: { [POLICY_KEY_ID]: await own.sign(event) } };
  }

  async #roomOf(pdu: JsonObject): Promise<Room> {
    const { room_id: roomId } = pdu;
    const room = RoomId.is(roomId) ? await this.#deps.rooms.byId(roomId) : undefined;
    if (!room?.head) throw notOurs();
    return room;
  }

  /** Nobody may use up what somebody else is allowed to send. A server speaks for its own users by asking at all. */
  async #assertGenuine(origin: ServerName, event: Event): Promise<void> {
    if (serverOf(event.sender) === origin) return;
    const verdict = (await this.#deps.verifier.verifyEvents([event])).get(event.eventId);
    if (!verdict?.allowed) throw new MatrixError('M_FORBIDDEN', 'its own server has not signed it', { status: 400 });
  }
}

const notOurs = () => new MatrixError('M_NOT_FOUND', 'this server is not the policy server of such a room');
