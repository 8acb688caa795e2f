import { exchangeThirdPartyInvite, onBindThirdPartyIdentifier } from '@holm/spec/server-server/third-party-invites';
import { type Route, route } from '../../http/route.ts';
import type { Redemption } from './redemption.service.ts';

/** Throws M_LIMIT_EXCEEDED for an address that has us do too much. */
type Charge = (address: string, cost: number) => void;

export const thirdPartyInvitesRoutes = (redemption: Redemption, charge: Charge): readonly Route[] => [
  route(exchangeThirdPartyInvite, async ({ origin, params, body }) => {
    await redemption.exchange(origin, params.roomId, body);
    return {};
  }),

  route(onBindThirdPartyIdentifier, async ({ body, address }) => {
    // Anybody may ask, and each invite has us ask a server of their choice.
    if (body.invites.length > 1) charge(address, body.invites.length - 1);
    await redemption.bound(body.mxid, body.invites);
    return {};
  }),
];
