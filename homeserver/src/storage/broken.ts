/** How PostgreSQL, or Node, says that a connection has ended: an administrator, a crash, the network. */
const BROKEN: ReadonlySet<string> = new Set(['57P01', '57P02', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);
/** And that there can be none now: it is starting, has too many, or cannot be reached. */
const REFUSED: ReadonlySet<string> = new Set([
  '57P03',
  '53300',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

interface PgError {
  readonly code?: string;
  readonly message?: string;
}

/** Whether a statement may have been carried out, because the connection broke before the answer to it came. */
export const isUnheard = (error: unknown): boolean => {
  const { code = '', message = '' } = error as PgError;
  return BROKEN.has(code) || message.startsWith('Connection terminated');
};

/** Whether the database cannot be asked now, and may be again in a moment. */
export const isAway = (error: unknown): boolean => isUnheard(error) || REFUSED.has((error as PgError).code ?? '');
