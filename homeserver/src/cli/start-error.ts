/** Why the server cannot run here: one sentence for whoever started it. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
