// `npm start -- [flags]`: set up what is missing, then `holm start [flags]`.
import { become } from './setup/become.mjs';
import { setUp } from './setup/index.mjs';
import { getMediaWorker } from './setup/media-worker.mjs';
import { root } from './setup/root.mjs';

const node = await setUp();
getMediaWorker(node);
become(node, [`${root}homeserver/src/main.ts`, 'start', ...process.argv.slice(2)]);
