// `npm run test:calls`: what calls can do, with the versions of livekit-client that Element Call has shipped, and the newest.
import { describeCalls } from './suite.ts';

for (const client of ['livekit-client-2.16', 'livekit-client-2.18', 'livekit-client-2.22', 'livekit-client'] as const) {
  describeCalls(client, { isShort: false });
}
