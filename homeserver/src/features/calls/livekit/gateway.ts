import { MatrixError } from '@holm/spec/errors';
import { serverOf } from '@holm/spec/ids';
import type { Accepted, Socket, SocketRefusal, SocketRequest } from '../../../http/admitted-sockets.ts';
import type { CallRooms } from '../sfu/call-rooms.ts';
import type { Participant } from '../sfu/participant.ts';
import type { CallGrant, CallMember, CallTokens } from '../tokens.ts';
import { DisconnectReason, LeaveRequest, LeaveRequest_Action } from '@livekit/protocol';
import { encoded } from './encoder.ts';
import { Session, type SessionDeps } from './session.ts';

export interface GatewayLimits {
  readonly participants: number;
  /** Of one user, in all calls. */
  readonly participantsOfUser: number;
  readonly participantsOfOtherServer: number;
}

export type Admission =
  'joined' | 'resumed' | 'token' | 'not a member' | 'rate' | 'full' | 'no worker' | 'unknown session';

interface GatewayDeps extends SessionDeps {
  readonly tokens: CallTokens;
  readonly rooms: CallRooms;
  readonly limits: GatewayLimits;
  readonly serverName: string;
  /** Throws `M_LIMIT_EXCEEDED` for who comes too often. */
  readonly mayTry: (key: string) => void;
  readonly asked: (outcome: Admission) => void;
}

const NOT_A_MEMBER = 'you are not in the room of this call';

/** Where clients come in that speak LiveKit's protocol. */
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

  /** Whether a token would let its bearer in now: for the question that clients ask when a socket did not open. */
  async refusalOf(token: string | undefined): Promise<SocketRefusal | undefined> {
    const admitted = await this.#admit(token);
    return 'status' in admitted ? admitted : undefined;
  }

  async accept({ query, headers }: SocketRequest): Promise<Accepted | SocketRefusal> {
    const admitted = await this.#admit(query.get('access_token') ?? bearerOf(headers.authorization));
    if ('status' in admitted) return admitted;
    return query.get('reconnect') === '1' ? this.#resume(admitted, query.get('sid')) : this.#join(admitted, query);
  }

  async #admit(token: string | undefined): Promise<CallGrant | SocketRefusal> {
    const { tokens, admits, mayTry } = this.#deps;
    const grant = tokens.verify(token);
    if (typeof grant === 'string') return this.#refuse('token', 401, grant);
    try {
      mayTry(`${grant.member.userId} in calls`);
    } catch (error) {
      if (error instanceof MatrixError) return this.#refuse('rate', 429, error.message);
      throw error;
    }
    if (!(await admits(grant))) return this.#refuse('not a member', 403, NOT_A_MEMBER);
    return grant;
  }

  #refuse(outcome: Admission, status: number, reason: string): SocketRefusal {
    this.#deps.asked(outcome);
    return { status, reason };
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
    if (this.#isFull(grant)) return this.#refuse('full', 503, 'this call is full');
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
    if (participant === 'no worker') return this.#refuse('no worker', 503, 'there is no media worker');
    if (participant === 'full') return this.#refuse('full', 503, 'all media workers are busy');
    // Whoever is thrown out from here on is found among the participants. Who was meanwhile, was not.
    if (!(await this.#deps.admits(grant))) {
      participant.close('removed');
      return this.#refuse('not a member', 403, NOT_A_MEMBER);
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

const bearerOf = (header: string | undefined): string | undefined => /^Bearer (\S+)$/i.exec(header ?? '')?.[1];
