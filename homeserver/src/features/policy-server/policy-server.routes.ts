import { MatrixError } from '@holm/spec/errors';
import { askPolicyServerToSign } from '@holm/spec/server-server/policy';
import { type Route, route } from '../../http/route.ts';
import type { PolicyServer } from './policy-server.service.ts';

/** `policy`: absent where this server is no policy server. */
export const policyServerRoutes = (policy: PolicyServer | undefined): readonly Route[] => [
  route(askPolicyServerToSign, ({ origin, body }) => {
    if (!policy) throw new MatrixError('M_UNRECOGNIZED', 'this server is no policy server');
    return policy.sign(origin, body);
  }),
];
