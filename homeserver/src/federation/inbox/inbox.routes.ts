import { sendTransaction } from '@holm/spec/server-server/transactions';
import { type Route, route } from '../../http/route.ts';
import type { Inbox } from './inbox.ts';

export const inboxRoutes = (inbox: Pick<Inbox, 'receive'>): readonly Route[] => [
  route(sendTransaction, ({ origin, params, bodyText }) => inbox.receive(origin, params.txnId, bodyText)),
];
