import { describeCalls } from '../calls/suite.ts';

// The other versions, and what takes longer: `npm run test:calls`.
describeCalls('livekit-client', { isShort: true });
