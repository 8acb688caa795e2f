import type { ServerName } from '@holm/spec/ids';
import { ServerName as ServerNames } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { bulkPerspectivesKeyQuery, getServerKey, perspectivesKeyQuery } from '@holm/spec/server-server/keys';
import { type Route, route } from '../../http/route.ts';
import type { KeysWanted, Notary } from './notary.ts';

/** A query about more servers than this is cut short: each may cost a request. */
const MAX_SERVERS_PER_QUERY = 50;

export const keysRoutes = (notary: Notary): readonly Route[] => [
  route(getServerKey, () => Promise.resolve(notary.own())),

  route(perspectivesKeyQuery, async ({ params, query }) => ({
    server_keys: await answers(notary, [[params.serverName, wantedUntil(query.minimum_valid_until_ts)]]),
  })),

  route(bulkPerspectivesKeyQuery, async ({ body }) => {
    const wanted = Object.entries(body.server_keys)
      .slice(0, MAX_SERVERS_PER_QUERY)
      .flatMap(([server, keys]) => (ServerNames.is(server) ? [[server, wantedOf(keys)] as const] : []));
    return { server_keys: await answers(notary, wanted) };
  }),
];

type Criteria = Readonly<Record<string, { readonly minimum_valid_until_ts?: number }>>;

const wantedOf = (keys: Criteria): KeysWanted => {
  const times = Object.values(keys).flatMap(({ minimum_valid_until_ts: time }) => (time === undefined ? [] : [time]));
  return { keyIds: Object.keys(keys), ...wantedUntil(times.length === 0 ? undefined : Math.max(...times)) };
};

const wantedUntil = (time: number | undefined): KeysWanted => (time === undefined ? {} : { minimumValidUntil: time });

const answers = async (
  notary: Notary,
  wanted: readonly (readonly [ServerName, KeysWanted])[],
): Promise<JsonObject[]> => {
  const found = await Promise.all(wanted.map(([server, keys]) => notary.answerFor(server, keys)));
  return found.filter((answer) => answer !== undefined);
};
