import { describeElementCall } from '../calls/element-call-suite.ts';

// With four people, screens, and two servers: `npm run test:calls`.
describeElementCall('compatibility', { isShort: true });
