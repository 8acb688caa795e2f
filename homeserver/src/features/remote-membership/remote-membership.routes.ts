import type { ServerName } from '@holm/spec/ids';
import { sendInviteV1, sendInviteV2 } from '@holm/spec/server-server/invites';
import { makeJoin, sendJoinV2 } from '@holm/spec/server-server/joins';
import { makeKnock, sendKnock } from '@holm/spec/server-server/knocks';
import { makeLeave, sendLeaveV2 } from '@holm/spec/server-server/leaves';
import type { Json, JsonObject } from '@holm/spec/json';
import { isObject } from '@holm/spec/json';
import { type Route, route } from '../../http/route.ts';
import { type StateTexts, wireText } from '../room-exchange/index.ts';
import type { IncomingMembership } from './incoming.service.ts';
import type { IncomingInvites } from './invites.service.ts';
import type { JoinAnswers } from './join-answers.service.ts';

/** https://spec.matrix.org/latest/server-server-api/#get_matrixfederationv1make_joinroomiduserid: `ver` absent. */
const FIRST_VERSION = ['1'];

interface Services {
  readonly incoming: IncomingMembership;
  readonly invites: IncomingInvites;
  readonly joinAnswers: JoinAnswers;
  readonly stateTexts: StateTexts;
}

export const remoteMembershipRoutes = (
  { incoming, invites, joinAnswers, stateTexts }: Services,
  serverName: ServerName,
): readonly Route[] => [
  route(makeJoin, ({ origin, params, query }) =>
    incoming.makeJoin(origin, params.roomId, params.userId, query.ver ?? FIRST_VERSION),
  ),

  route(sendJoinV2, async ({ origin, params, query, body }) => {
    const join = await incoming.sendJoin(origin, params.roomId, params.eventId, body);
    const answer = await joinAnswers.to(join, { omitMembers: query.omit_members === true });
    const { omitted, servers, state, authChain } = answer;
    return stateTexts.reply(
      `"origin":"${serverName}","members_omitted":${omitted},"servers_in_room":${JSON.stringify(servers)},` +
        `"event":${wireText(join)}`,
      [
        { name: 'auth_chain', nids: authChain },
        { name: 'state', nids: state },
      ],
    );
  }),

  route(makeKnock, ({ origin, params, query }) => incoming.makeKnock(origin, params.roomId, params.userId, query.ver)),

  route(sendKnock, async ({ origin, params, body }) => ({
    knock_room_state: await incoming.sendKnock(origin, params.roomId, params.eventId, body),
  })),

  route(makeLeave, ({ origin, params }) => incoming.makeLeave(origin, params.roomId, params.userId)),

  route(sendLeaveV2, async ({ origin, params, body }) => {
    await incoming.sendLeave(origin, params.roomId, params.eventId, body);
    return {};
  }),

  route(sendInviteV2, async ({ origin, params, body }) => {
    const { room_version: versionId, event, invite_room_state: told = [] } = body;
    const signed = await invites.receive(origin, { ...params, versionId, event, told });
    return { event: signed.pdu };
  }),

  route(sendInviteV1, async ({ origin, params, body }) => {
    const signed = await invites.receive(origin, { ...params, versionId: '1', event: body, told: toldIn(body) });
    return [200, { event: signed.pdu }] as const;
  }),
];

/** The first version of the operation carries what it tells of the room inside the event. */
const toldIn = ({ unsigned }: JsonObject): readonly Json[] => {
  const told = isObject(unsigned) ? unsigned['invite_room_state'] : undefined;
  return Array.isArray(told) ? (told as readonly Json[]) : [];
};
