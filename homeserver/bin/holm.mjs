#!/usr/bin/env node
// The command `holm`: an installed tree with its packages; only the runtime may still be missing.
import { become } from '../scripts/setup/become.mjs';
import { nodeFlags } from '../scripts/setup/flags.mjs';
import { ensureRuntime } from '../scripts/setup/runtime.mjs';
import { getMediaWorker } from '../scripts/setup/media-worker.mjs';
import { root } from '../scripts/setup/root.mjs';

const args = process.argv.slice(2);
const node = await ensureRuntime();
if (args[0] === 'start') getMediaWorker(node);
become(node, [...(args[0] === 'start' ? nodeFlags : []), `${root}homeserver/src/main.ts`, ...args]);
