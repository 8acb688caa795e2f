import { exchangeThirdPartyInvite, onBindThirdPartyIdentifier } from '@holm/spec/server-server/third-party-invites';
import { type Route, route } from '../../http/route.ts';
import type { Redemption } from './redemption.service.ts';

export const thirdPartyInvitesRoutes = (redemption: Redemption): readonly Route[] => [
  route(exchangeThirdPartyInvite, async ({ origin, params, body }) => {
    await redemption.exchange(origin, params.roomId, body);
    return {};
  }),

  route(onBindThirdPartyIdentifier, async ({ body }) => {
    await redemption.bound(body.mxid, body.invites);
    return {};
  }),
];
