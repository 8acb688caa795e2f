import { serverOf } from '@holm/spec/ids';
import type { Accepted, Socket, SocketRefusal } from '../../../http/admitted-sockets.ts';
import type { CallRooms } from '../sfu/call-rooms.ts';
import type { Participant } from '../sfu/participant.ts';
import type { CallGrant, CallMember } from '../tokens.ts';
import { DisconnectReason, LeaveRequest, LeaveRequest_Action } from '@livekit/protocol';
import { type Admission, type Door, NO_WORKER } from './door.ts';
import { encoded } from './encoder.ts';
import { Session, type SessionDeps } from './session.ts';

export interface GatewayLimits {
  readonly participants: number;
  /** Of one user, in all calls. */
  readonly participantsOfUser: number;
  readonly participantsOfOtherServer: number;
}

interface GatewayDeps extends SessionDeps {
  readonly door: Pick<Door, 'refuse' | 'stillAdmits'>;
  readonly rooms: CallRooms;
  readonly limits: GatewayLimits;
  readonly serverName: string;
  readonly asked: (outcome: Admission) => void;
}

/** Where clients come in that speak LiveKit's protocol, once the door has let them pass. */
export class Gateway {
  readonly #deps: GatewayDeps;
  /** Who is about to be let in, and counts already. */
  readonly #arriving = new Set<CallGrant>();

  constructor(deps: GatewayDeps) {
    this.#deps = deps;
  }

  /** Everybody who is in a call by this protocol. */
  *sessions(): Iterable<Session> {
    for (const { session } of this.#here()) yield session;
  }

  /** With those whose socket is not open yet. */
  *#here(): Iterable<{ readonly participant: Participant; readonly session: Session }> {
    for (const room of this.#deps.rooms.all) {
      for (const participant of room.participants.values()) {
        const { events: session } = participant;
        if (session instanceof Session) yield { participant, session };
      }
    }
  }

  isIn(call: string, who: (member: CallMember) => boolean): boolean {
    const participants = this.#deps.rooms.find(call)?.participants.values() ?? [];
    return [...participants].some(({ events }) => events instanceof Session && who(events.grant.member));
  }

  async accept(grant: CallGrant, query: URLSearchParams): Promise<Accepted | SocketRefusal> {
    return query.get('reconnect') === '1' ? this.#resume(grant, query.get('sid')) : this.#join(grant, query);
  }

  #resume(grant: CallGrant, participantId: string | null): Accepted {
    const participant = this.#deps.rooms.find(grant.call)?.participants.get(grant.identity);
    const session = participant?.events;
    const abandoned = () => undefined;
    if (participant?.id !== participantId || !(session instanceof Session)) {
      this.#deps.asked('unknown session');
      return { open: comeAnew, abandoned };
    }
    this.#deps.asked('resumed');
    return {
      open: (socket) => (session.isOver || !session.hasBegun ? comeAnew(socket) : session.resume(socket)),
      abandoned,
    };
  }

  async #join(grant: CallGrant, query: URLSearchParams): Promise<Accepted | SocketRefusal> {
    const { door } = this.#deps;
    if (this.#isFull(grant)) return door.refuse('full', 503, 'this call is full');
    const autoSubscribe = query.get('auto_subscribe') !== '0';
    const session = new Session(grant, { isFirefox: /firefox/i.test(query.get('browser') ?? '') }, this.#deps);
    this.#arriving.add(grant);
    const arrival = {
      identity: grant.identity,
      permissions: { canPublish: grant.canPublish },
      autoSubscribe,
      events: session,
    };
    const joining = this.#deps.rooms.join(grant.call, arrival);
    const participant = await joining.finally(() => this.#arriving.delete(grant));
    if (participant === 'no worker') return door.refuse('no worker', 503, NO_WORKER);
    if (participant === 'full') return door.refuse('full', 503, 'all media workers are busy');
    // Whoever is thrown out from here on is found among the participants. Who was meanwhile, was not.
    const refusal = await door.stillAdmits(grant);
    if (refusal) {
      participant.close('removed');
      return refusal;
    }
    this.#deps.asked('joined');
    return {
      open: (socket) => (participant.isClosed ? comeAnew(socket) : session.begin(participant, socket)),
      abandoned: () => participant.close('lost'),
    };
  }

  #isFull({ call, identity, member }: CallGrant): boolean {
    const { rooms, limits } = this.#deps;
    const room = rooms.find(call);
    // Whoever comes again takes their own place.
    if (room?.participants.has(identity)) return false;
    const coming = [...this.#arriving].filter((each) => each.call === call).length;
    if ((room?.participants.size ?? 0) + coming >= limits.participants) return true;
    return this.#isTooOften(member);
  }

  #isTooOften({ userId }: CallMember): boolean {
    const { limits, serverName } = this.#deps;
    const server = serverOf(userId);
    const users = [...this.sessions(), ...[...this.#arriving].map((grant) => ({ grant }))].map(
      ({ grant }) => grant.member.userId,
    );
    if (users.filter((each) => each === userId).length >= limits.participantsOfUser) return true;
    if (server === serverName) return false;
    return users.filter((each) => serverOf(each) === server).length >= limits.participantsOfOtherServer;
  }

  /** Sends everybody away for whom this holds, at once. Gives how many. */
  close(where: (member: CallMember) => boolean): number {
    const concerned = [...this.#here()].filter(({ session }) => where(session.grant.member));
    for (const { participant } of concerned) participant.close('removed');
    return concerned.length;
  }
}

/** Tells a client that wants to go on with what is gone that it has to begin again. */
const comeAnew = (socket: Socket): void => {
  const action = LeaveRequest_Action.RECONNECT;
  const value = new LeaveRequest({ reason: DisconnectReason.STATE_MISMATCH, action, canReconnect: true });
  socket.send(encoded({ case: 'leave', value }));
  socket.close();
};
