import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Which request some work is done for, without handing it through every call. For log lines only: from the edge to the
 * slow query that it caused.
 */
const requestIds = new AsyncLocalStorage<string | undefined>();

export const withRequestId = <T>(id: string | undefined, work: () => T): T => requestIds.run(id, work);

/** `undefined` for what the server does of its own accord. */
export const currentRequestId = (): string | undefined => requestIds.getStore();
