import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Used, weigh, weighable } from '../server-process.ts';

const SCRIPT = fileURLToPath(new URL('bare-server.ts', import.meta.url));

/** Of what is known how much memory it uses. */
export interface Weighed {
  readonly url: string;
  usedMb(): Promise<Used>;
}

/** A server that does nothing but let clients wait. */
export const startBare = async (): Promise<Weighed & AsyncDisposable> => {
  const child = fork(SCRIPT, { execArgv: weighable });
  const [{ port }] = (await once(child, 'message')) as [{ readonly port: number }];
  return {
    url: `http://127.0.0.1:${port}`,
    usedMb: () => weigh(child),
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
};
