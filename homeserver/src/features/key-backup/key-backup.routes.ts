import * as spec from '@holm/spec/client-server/key-backup';
import { MatrixError } from '@holm/spec/errors';
import { jsonText } from '../../http/reply.ts';
import { type Route, route } from '../../http/route.ts';
import type { KeyBackups } from './key-backup.service.ts';
import { fromClient, keyText, roomsText, sessionsText } from './key-texts.ts';

export const keyBackupRoutes = (backups: KeyBackups): readonly Route[] => [
  ...versionRoutes(backups),
  ...storingRoutes(backups),
  ...readingRoutes(backups),
  ...removingRoutes(backups),
];

const versionRoutes = (backups: KeyBackups): readonly Route[] => [
  route(spec.postRoomKeysVersion, async ({ body, caller }) => ({
    version: await backups.create(caller.userId, body.algorithm, body.auth_data),
  })),

  route(spec.getRoomKeysVersionCurrent, ({ caller }) => backups.info(caller.userId)),

  route(spec.getRoomKeysVersion, ({ caller, params }) => backups.info(caller.userId, params.version)),

  route(spec.putRoomKeysVersion, async ({ body, caller, params: { version } }) => {
    if (body.version !== undefined && body.version !== version) {
      throw new MatrixError('M_INVALID_PARAM', 'this is the description of another version');
    }
    await backups.update(caller.userId, version, { algorithm: body.algorithm, authData: body.auth_data });
    return {};
  }),

  route(spec.deleteRoomKeysVersion, async ({ caller, params }) => {
    await backups.remove(caller.userId, params.version);
    return {};
  }),
];

const storingRoutes = (backups: KeyBackups): readonly Route[] => [
  route(spec.putRoomKeyBySessionId, ({ body, caller, params, query }) =>
    backups.put(caller.userId, query.version, [fromClient(params.roomId, params.sessionId, body)]),
  ),

  route(spec.putRoomKeysByRoomId, ({ body, caller, params, query }) =>
    backups.put(
      caller.userId,
      query.version,
      Object.entries(body.sessions).map(([session, key]) => fromClient(params.roomId, session, key)),
    ),
  ),

  route(spec.putRoomKeys, ({ body, caller, query }) =>
    backups.put(
      caller.userId,
      query.version,
      Object.entries(body.rooms).flatMap(([room, { sessions }]) =>
        Object.entries(sessions).map(([session, key]) => fromClient(room, session, key)),
      ),
    ),
  ),
];

const readingRoutes = (backups: KeyBackups): readonly Route[] => [
  route(spec.getRoomKeyBySessionId, async ({ caller, params, query }) => {
    const [key] = await backups.keys(caller.userId, query.version, params);
    if (!key) throw new MatrixError('M_NOT_FOUND', 'there is no such key in the backup');
    return jsonText(keyText(key));
  }),

  route(spec.getRoomKeysByRoomId, async ({ caller, params, query }) =>
    jsonText(sessionsText(await backups.keys(caller.userId, query.version, params))),
  ),

  route(spec.getRoomKeys, async ({ caller, query }) =>
    jsonText(roomsText(await backups.keys(caller.userId, query.version))),
  ),
];

const removingRoutes = (backups: KeyBackups): readonly Route[] => [
  route(spec.deleteRoomKeyBySessionId, ({ caller, params, query }) =>
    backups.removeKeys(caller.userId, query.version, params),
  ),

  route(spec.deleteRoomKeysByRoomId, ({ caller, params, query }) =>
    backups.removeKeys(caller.userId, query.version, params),
  ),

  route(spec.deleteRoomKeys, ({ caller, query }) => backups.removeKeys(caller.userId, query.version)),
];
