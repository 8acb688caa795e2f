import { say } from './root.mjs';
import { buildClient } from './client.mjs';
import { installPackages } from './packages.mjs';
import { ensureRuntime } from './runtime.mjs';

/**
 * Makes a fresh clone ready to run, and does next to nothing where it is. Resolves to the Node that runs TypeScript.
 * Only what Node 20 has by itself may be used here: at this point nothing may be installed yet.
 */
export const setUp = async ({ client = true } = {}) => {
  try {
    const [node] = await Promise.all([ensureRuntime(), installPackages()]);
    if (client) await buildClient(node);
    return node;
  } catch (error) {
    say(`set-up failed. ${error.message}`);
    process.exit(1);
  }
};
