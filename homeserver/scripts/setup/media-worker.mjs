import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './root.mjs';

/**
 * Sees to the media worker behind our back: calls wait for it, nothing else does. It may take minutes, so it outlives us.
 * HOLM_MEDIA_WORKER=skip leaves it alone, as the tests do.
 */
export const getMediaWorker = (node) => {
  if (process.env.HOLM_MEDIA_WORKER === 'skip') return;
  const step = join(root, 'homeserver/media-worker/get-worker.ts');
  const child = spawn(node, [step], { cwd: root, detached: true, stdio: 'ignore' });
  child.once('error', () => undefined); // it writes its own status; without one, calls are off
  child.unref();
};
