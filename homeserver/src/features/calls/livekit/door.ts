import { MatrixError } from '@holm/spec/errors';
import type { SocketRefusal, SocketRequest } from '../../../http/admitted-sockets.ts';
import type { CallGrant, CallTokens } from '../tokens.ts';

/** What became of somebody who came. */
export type Admission =
  'joined' | 'resumed' | 'token' | 'not a member' | 'rate' | 'full' | 'no worker' | 'unknown session';

export interface DoorDeps {
  readonly tokens: Pick<CallTokens, 'verify'>;
  readonly admits: (grant: CallGrant) => Promise<boolean>;
  /** Throws `M_LIMIT_EXCEEDED` for who comes too often. */
  readonly mayTry: (key: string) => void;
  readonly asked: (outcome: Admission) => void;
}

export const NO_WORKER = 'there is no media worker';
const NOT_A_MEMBER = 'you are not in the room of this call';

/** Looks at the tokens of those who come. Nothing is got ready for a call before somebody has passed. */
export class Door {
  readonly #deps: DoorDeps;

  constructor(deps: DoorDeps) {
    this.#deps = deps;
  }

  /** Whether a token would let its bearer in now: for the question that clients ask when a socket did not open. */
  async refusalOf(token: string | undefined): Promise<SocketRefusal | undefined> {
    const admitted = await this.#admit(token);
    return 'status' in admitted ? admitted : undefined;
  }

  admit({ query, headers }: Pick<SocketRequest, 'query' | 'headers'>): Promise<CallGrant | SocketRefusal> {
    return this.#admit(query.get('access_token') ?? bearerOf(headers.authorization));
  }

  async #admit(token: string | undefined): Promise<CallGrant | SocketRefusal> {
    const { tokens, mayTry } = this.#deps;
    const grant = tokens.verify(token);
    if (typeof grant === 'string') return this.refuse('token', 401, grant);
    try {
      mayTry(`${grant.member.userId} in calls`);
    } catch (error) {
      if (error instanceof MatrixError) return this.refuse('rate', 429, error.message);
      throw error;
    }
    return (await this.stillAdmits(grant)) ?? grant;
  }

  /** Why they may not be in the call any more, if so. */
  async stillAdmits(grant: CallGrant): Promise<SocketRefusal | undefined> {
    return (await this.#deps.admits(grant)) ? undefined : this.refuse('not a member', 403, NOT_A_MEMBER);
  }

  refuse(outcome: Admission, status: number, reason: string): SocketRefusal {
    this.#deps.asked(outcome);
    return { status, reason };
  }
}

const bearerOf = (header: string | undefined): string | undefined => /^Bearer (\S+)$/i.exec(header ?? '')?.[1];
