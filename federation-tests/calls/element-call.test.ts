// `npm run test:calls`: unchanged Element Call, in both of its ways to say who is in a call, on one server and on two.
import { describeElementCall, describeFederatedElementCall } from './element-call-suite.ts';

for (const mode of ['compatibility', 'matrix_2_0'] as const) {
  describeElementCall(mode, { isShort: false });
  describeFederatedElementCall(mode);
}
