/** What was typed makes no sense; the message says why in a sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
