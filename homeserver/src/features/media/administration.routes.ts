import {
  type AdministeredFile, deleteMedia, deleteUserMedia, getMediaDetails, holdMedia, liftMediaHold, listRoomMedia,
  listUserMedia, purgeRemoteMedia, quarantineRoomMedia, quarantineUserMedia,
} from '@holm/spec/extensions/media-administration'; // prettier-ignore
import { printMxc } from '@holm/spec/media';
import { type Route, route } from '../../http/route.ts';
import type { MediaAdministration } from './administration.service.ts';

type Listed = Awaited<ReturnType<MediaAdministration['details']>>;
type Place = Pick<Listed, 'createdAt' | 'mediaId'>;

const fileBody = (file: Listed): AdministeredFile => ({
  content_uri: printMxc(file),
  ...(file.hash !== null && { size: file.size }),
  content_type: file.contentType,
  ...(file.filename !== null && { filename: file.filename }),
  ...(file.uploader !== null && { uploader: file.uploader }),
  created_at: file.createdAt,
  last_used_at: file.usedAt,
  ...(file.hold !== null && { hold: { kind: file.hold, set_by: file.heldBy ?? '', set_at: file.heldAt ?? 0 } }),
});

const printPlace = ({ createdAt, mediaId }: Place): string => `${createdAt}~${mediaId}`;

const parsePlace = (text: string) => {
  const [createdAt = '', ...mediaId] = text.split('~');
  return { createdAt: Number(createdAt), mediaId: mediaId.join('~') };
};

export const mediaAdministrationRoutes = (media: MediaAdministration): readonly Route[] => [
  ...fileRoutes(media),

  route(listUserMedia, async ({ caller, params, query: { from, limit } }) => {
    await media.assertAdmin(caller.userId);
    const page = { from: from === undefined ? undefined : parsePlace(from), limit };
    const { files, usage, next } = await media.ofUser(params.userId, page);
    const totals = { total_bytes: usage.bytes, total_files: usage.files };
    return { files: files.map(fileBody), ...totals, ...(next && { next: printPlace(next) }) };
  }),

  route(deleteUserMedia, async ({ caller, params, body }) => {
    await media.assertAdmin(caller.userId);
    return { removed: await media.removeOfUser(params.userId, body.before_ts, caller.userId) };
  }),

  route(quarantineUserMedia, async ({ caller, params }) => {
    await media.assertAdmin(caller.userId);
    return { quarantined: await media.quarantineOfUser(params.userId, caller.userId) };
  }),

  route(listRoomMedia, async ({ caller, params, query }) => {
    await media.assertAdmin(caller.userId);
    const { files, next } = await media.inRoom(params.roomId, query.from);
    return { content_uris: files.map(printMxc), ...(next !== undefined && { next }) };
  }),

  route(quarantineRoomMedia, async ({ caller, params, query }) => {
    await media.assertAdmin(caller.userId);
    const { count, next } = await media.quarantineInRoom(params.roomId, query.from, caller.userId);
    return { quarantined: count, ...(next !== undefined && { next }) };
  }),

  route(purgeRemoteMedia, async ({ caller, body }) => {
    await media.assertAdmin(caller.userId);
    return { removed: await media.purgeRemote(body.unused_since_ts, caller.userId) };
  }),
];

const fileRoutes = (media: MediaAdministration): readonly Route[] => [
  route(getMediaDetails, async ({ caller, params }) => {
    await media.assertAdmin(caller.userId);
    return fileBody(await media.details(params));
  }),

  route(deleteMedia, async ({ caller, params }) => {
    await media.assertAdmin(caller.userId);
    await media.remove(params, caller.userId);
    return {};
  }),

  route(holdMedia, async ({ caller, params, body }) => {
    await media.assertAdmin(caller.userId);
    return fileBody(await media.hold(params, body.kind, caller.userId));
  }),

  route(liftMediaHold, async ({ caller, params }) => {
    await media.assertAdmin(caller.userId);
    return fileBody(await media.hold(params, null, caller.userId));
  }),
];
