import type { Logger } from 'matrix-js-sdk/lib/logger.js';

const ignore = (): void => undefined;

/** The SDK narrates every request, ids and all. What matters reaches the reader as a Problem or a connection state. */
export const quietLogger: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  getChild: () => quietLogger,
};
