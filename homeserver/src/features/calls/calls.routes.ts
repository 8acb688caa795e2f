import type { PlainRequest, PlainRoute } from '../../http/plain.ts';
import { Reply } from '../../http/reply.ts';
import { type Calls, SIGNALLING_PATH } from './calls.service.ts';

const text = (status: number, body: string): Reply =>
  new Reply(status, { 'content-type': 'text/plain; charset=utf-8', 'access-control-allow-origin': '*' }, body);

/**
 * What LiveKit's clients ask when a socket did not open. That there is no `/rtc/v1` makes them take the protocol of two
 * connections, which is the one that is spoken here.
 */
export const callsRoutes = (calls: Calls): readonly PlainRoute[] => [
  {
    resource: 'client',
    name: 'calls',
    answer: async (request) => {
      if (!request.path.startsWith(`${SIGNALLING_PATH}/`)) return undefined;
      if (request.path !== `${SIGNALLING_PATH}/rtc/validate`) return text(404, 'not found');
      const refusal = await calls.door.refusalOf(tokenOf(request));
      return refusal ? text(refusal.status, refusal.reason) : text(200, 'success');
    },
  },
];

const tokenOf = ({ query, headers }: PlainRequest): string | undefined =>
  query.get('access_token') ?? /^Bearer (\S+)$/i.exec((headers['authorization'] as string | undefined) ?? '')?.[1];
