/** Error codes and the status each one travels with unless an operation says otherwise. */
export const DEFAULT_STATUS = {
  // MSC2815, under its names of before.
  'FI.MAU.MSC2815_UNREDACTED_CONTENT_DELETED': 404,
  'FI.MAU.MSC2815_UNREDACTED_CONTENT_NOT_RECEIVED': 404,
  // MSC4306, under its names of before.
  'IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION': 409,
  'IO.ELEMENT.MSC4306.M_NOT_IN_THREAD': 400,
  M_BAD_ALIAS: 400,
  M_BAD_JSON: 400,
  M_BAD_STATE: 400,
  M_CANNOT_LEAVE_SERVER_NOTICE_ROOM: 403,
  M_CANNOT_OVERWRITE_MEDIA: 409,
  M_CAPTCHA_NEEDED: 401,
  M_CAPTCHA_INVALID: 401,
  M_DELAY_TOO_LARGE: 400,
  M_DUPLICATE_ANNOTATION: 400,
  M_EXCLUSIVE: 400,
  M_FORBIDDEN: 403,
  M_GUEST_ACCESS_FORBIDDEN: 403,
  M_INCOMPATIBLE_ROOM_VERSION: 400,
  M_INVALID_PARAM: 400,
  M_INVALID_ROOM_STATE: 400,
  M_INVALID_SIGNATURE: 400,
  M_INVALID_USERNAME: 400,
  M_INVITE_BLOCKED: 403,
  M_KEY_TOO_LARGE: 400,
  M_LIMIT_EXCEEDED: 429,
  M_MISSING_PARAM: 400,
  M_MISSING_TOKEN: 401,
  M_NOT_FOUND: 404,
  M_NOT_JSON: 400,
  M_NOT_YET_UPLOADED: 504,
  M_PROFILE_TOO_LARGE: 400,
  M_RESOURCE_LIMIT_EXCEEDED: 403,
  M_ROOM_IN_USE: 400,
  M_SERVER_NOT_TRUSTED: 401,
  M_THREEPID_IN_USE: 400,
  M_TOO_LARGE: 413,
  M_UNABLE_TO_AUTHORISE_JOIN: 400,
  M_UNABLE_TO_GRANT_JOIN: 400,
  M_UNACTIONABLE: 400,
  M_UNAUTHORIZED: 401,
  M_UNKNOWN: 500,
  M_UNKNOWN_POS: 400,
  M_UNKNOWN_TOKEN: 401,
  M_UNRECOGNIZED: 404,
  M_UNSUPPORTED_ROOM_VERSION: 400,
  M_USER_DEACTIVATED: 403,
  M_USER_IN_USE: 400,
  M_USER_LOCKED: 401,
  M_USER_SUSPENDED: 403,
  M_WEAK_PASSWORD: 400,
  M_WRONG_ROOM_KEYS_VERSION: 403,
  'ORG.MATRIX.MSC3895_UNABLE_DUE_TO_PARTIAL_STATE': 404,
  'ORG.MATRIX.MSC4140_DELAY_TOO_LARGE': 400,
} as const;

export type ErrCode = keyof typeof DEFAULT_STATUS;

/** Clients end their session with us when they hear one of these, whatever the status: nobody else may say them. */
const OF_SESSIONS: ReadonlySet<string> = new Set([
  'M_CONSENT_NOT_GIVEN',
  'M_MISSING_TOKEN',
  'M_UNKNOWN_TOKEN',
  'M_USER_DEACTIVATED',
  'M_USER_LOCKED',
]);

/** What a caller did wrong. Anything else that is thrown is a bug of ours. */
export class MatrixError extends Error {
  override readonly name = 'MatrixError';
  readonly errcode: ErrCode;
  readonly status: number;
  /** Extra members of the response body, such as `retry_after_ms`. */
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(
    errcode: ErrCode,
    message: string,
    options: ErrorOptions & { status?: number; extra?: Record<string, unknown> } = {},
  ) {
    super(message, options);
    this.errcode = errcode;
    this.status = options.status ?? DEFAULT_STATUS[errcode];
    this.extra = options.extra ?? {};
  }

  /** What another server said, for whoever it is meant for. Its code may be one that we do not know. */
  static relayed(
    errcode: string,
    message: string,
    options: ErrorOptions & { status: number; extra?: Record<string, unknown> },
  ): MatrixError {
    return new MatrixError(OF_SESSIONS.has(errcode) ? 'M_FORBIDDEN' : (errcode as ErrCode), message, options);
  }

  toJSON(): Record<string, unknown> {
    return { ...this.extra, errcode: this.errcode, error: this.message };
  }
}
