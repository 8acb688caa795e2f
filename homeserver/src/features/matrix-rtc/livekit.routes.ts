import { MatrixError } from '@holm/spec/errors';
import {
  delegateDelayedLeave,
  getLivekitToken,
  getLivekitTokenForUser,
  getLivekitTokenForUserUnstable,
} from '@holm/spec/extensions/matrix-rtc';
import { type RoomId, type ServerName, serverOf, type UserId } from '@holm/spec/ids';
import { type Caller, type Route, route } from '../../http/route.ts';
import type { Delegations } from './delegations.service.ts';
import type { Entrance } from './entrance.service.ts';
import type { RemoteEntrance } from './remote-entrance.service.ts';

interface LivekitDeps {
  readonly serverName: ServerName;
  readonly entrance: Entrance;
  readonly remoteEntrance: RemoteEntrance;
  readonly delegations: Delegations;
}

interface Asked {
  readonly room_id: RoomId;
  readonly slot_id: string;
  readonly member_id?: string;
  readonly member?: { readonly id: string };
}

/** SFUs as homeservers give access to them (MSC4195). */
export const livekitRoutes = (deps: LivekitDeps): readonly Route[] => {
  const { serverName, entrance, remoteEntrance, delegations } = deps;
  return [
    route(getLivekitToken, async ({ caller, body }) => {
      const { server_name: server = serverName, url } = body;
      const member = { ...ofCaller(caller), ...slotOf(body) };
      if (server !== serverName) return { jwt: await remoteEntrance.tokenOf(server, member, url) };
      return { jwt: await entrance.ofMember(member, url) };
    }),

    route(delegateDelayedLeave, async ({ caller, body }) => {
      entrance.assertOurs(body.url);
      await delegations.delegate({ ...ofCaller(caller), ...slotOf(body), delayId: body.delay_id });
      return {};
    }),
  ];
};

/** For users of other servers, which vouch for them. */
export const servedLivekitRoutes = ({ entrance }: Pick<LivekitDeps, 'entrance'>): readonly Route[] => {
  const tokenOf = async (origin: ServerName, body: Asked & { readonly user_id: UserId; readonly url: string }) => {
    if (serverOf(body.user_id) !== origin) throw new MatrixError('M_FORBIDDEN', 'this is none of your users');
    return { jwt: await entrance.ofMember({ userId: body.user_id, ...slotOf(body) }, body.url) };
  };
  return [
    route(getLivekitTokenForUser, ({ origin, body }) => tokenOf(origin, body)),

    route(getLivekitTokenForUserUnstable, ({ origin, body }) => tokenOf(origin, body)),
  ];
};

const ofCaller = ({ userId, deviceId }: Caller) => ({ userId, deviceId });

const slotOf = ({ room_id: roomId, slot_id: slotId, member_id, member }: Asked) => {
  const memberId = member_id ?? member?.id;
  if (memberId === undefined) throw new MatrixError('M_BAD_JSON', 'member_id is missing');
  return { roomId, slotId, memberId };
};
