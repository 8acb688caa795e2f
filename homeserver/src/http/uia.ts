import { type ErrCode, MatrixError } from '@holm/spec/errors';
import type { Clock } from '../platform/clock.ts';
import { type Entropy, token } from '../platform/entropy.ts';

/** What a client sent as `auth`. */
export interface AuthData {
  readonly type?: string;
  readonly session?: string;
  readonly [detail: string]: unknown;
}

/** What a stage says to an attempt. */
export type StageVerdict = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

export interface AuthRequest {
  /** What is being authorised, and for whom. A session that was begun for one thing is good for nothing else. */
  readonly purpose: string;
  readonly auth: AuthData | undefined;
  readonly flows: readonly (readonly string[])[];
  /** What clients must know to do a stage, by stage. */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly check: (stage: string, auth: AuthData) => Promise<StageVerdict>;
}

type Asking = Pick<AuthRequest, 'flows' | 'check'>;

interface Session {
  readonly id: string;
  readonly purpose: string;
  readonly expires: number;
  readonly completed: Map<string, AuthData>;
  /** What it asks for. */
  readonly request: Asking;
}

const LIFETIME_MS = 15 * 60_000;
const MAX_SESSIONS = 10_000;

/**
 * User-interactive authentication: a session collects completed stages until they make up a flow.
 * https://spec.matrix.org/latest/client-server-api/#user-interactive-authentication-api
 *
 * Sessions live in memory and are used up by the operation that they authorise. A restart means to begin again.
 */
export class UserInteractiveAuth {
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #sessions = new Map<string, Session>();

  constructor(clock: Clock, entropy: Entropy) {
    this.#clock = clock;
    this.#entropy = entropy;
  }

  /**
   * Resolves, with what completed each stage, once all stages of a flow are complete; until then it throws the 401
   * that tells the client what to do next.
   */
  async complete(request: AuthRequest): Promise<ReadonlyMap<string, AuthData>> {
    const { auth, flows } = request;
    const session = this.#known(request) ?? this.#begin(request);
    const failure = auth?.type === undefined ? undefined : await attempt(auth.type, auth, { session, request });
    const isPassed =
      failure === undefined && flows.some((stages) => stages.every((name) => session.completed.has(name)));
    // Without `auth` there is a 401 even where nothing is asked for: a request never succeeds without it.
    if (auth === undefined || !isPassed) throw new AuthNeededError(request, session, failure);
    this.#sessions.delete(session.id);
    return session.completed;
  }

  /**
   * Does a stage for a client that does not know it: the client then asks again with the session alone. M_NOT_FOUND for a
   * session that is over, M_FORBIDDEN for an attempt that fails.
   */
  async pass(stage: string, auth: AuthData): Promise<void> {
    const session = this.#sessions.get(auth.session ?? '');
    if (!session || session.expires <= this.#clock.now()) {
      throw new MatrixError('M_NOT_FOUND', 'this took too long: begin again in your client');
    }
    const failure = await attempt(stage, auth, { session, request: session.request });
    if (failure) throw new MatrixError('M_FORBIDDEN', failure.error);
  }

  /** How many sessions are under way. */
  get size(): number {
    return this.#sessions.size;
  }

  /** The session that was begun for this purpose, if it is still good. Some clients leave the id out at first. */
  #known({ auth, purpose }: AuthRequest): Session | undefined {
    const session = this.#sessions.get(auth?.session ?? '');
    return session?.purpose === purpose && session.expires > this.#clock.now() ? session : undefined;
  }

  #begin({ purpose, flows, check }: AuthRequest): Session {
    const now = this.#clock.now();
    // The oldest come first: drop what has expired, and one more where there are too many.
    for (const [id, { expires }] of this.#sessions) {
      if (expires > now && this.#sessions.size < MAX_SESSIONS) break;
      this.#sessions.delete(id);
    }
    const session: Session = {
      id: token(this.#entropy, 24),
      purpose,
      expires: now + LIFETIME_MS,
      completed: new Map(),
      request: { flows, check },
    };
    this.#sessions.set(session.id, session);
    return session;
  }
}

interface Failure {
  readonly errcode: ErrCode;
  readonly error: string;
}

const attempt = async (
  stage: string,
  auth: AuthData,
  { session, request }: { readonly session: Session; readonly request: Asking },
): Promise<Failure | undefined> => {
  if (!request.flows.some((stages) => stages.includes(stage))) {
    return { errcode: 'M_UNRECOGNIZED', error: `${stage} is not asked for here` };
  }
  // A completed stage cannot be tried again.
  if (session.completed.has(stage)) return undefined;
  const verdict = await request.check(stage, auth);
  if (!verdict.allowed) return { errcode: 'M_FORBIDDEN', error: verdict.reason };
  session.completed.set(stage, auth);
  return undefined;
};

/** The 401 of this protocol, which is no error to the client: it has an `errcode` only after a failed attempt. */
export class AuthNeededError extends MatrixError {
  readonly #body: Readonly<Record<string, unknown>>;

  constructor({ flows, params = {} }: AuthRequest, session: Session, failure: Failure | undefined) {
    super(failure?.errcode ?? 'M_UNAUTHORIZED', failure?.error ?? 'authentication needed', { status: 401 });
    this.#body = {
      flows: flows.map((stages) => ({ stages })),
      params,
      session: session.id,
      ...(session.completed.size > 0 && { completed: [...session.completed.keys()] }),
      ...failure,
    };
  }

  override toJSON(): Record<string, unknown> {
    return { ...this.#body };
  }
}
