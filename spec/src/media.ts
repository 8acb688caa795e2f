import { type Static, Type } from '@sinclair/typebox';
import { formats } from './formats.ts';
import { ServerName } from './ids.ts';

/** Everything else is refused, so that no id can be mistaken for a path. */
const MEDIA_ID = /^[A-Za-z0-9_-]{1,255}$/;

export const mediaId = Type.String({ pattern: MEDIA_ID.source });

/** A file's name in all of Matrix: `mxc://` and these two. */
export interface Mxc {
  readonly serverName: ServerName;
  readonly mediaId: string;
}

export const mxcParams = Type.Object({ serverName: formats.serverName, mediaId });

export const printMxc = ({ serverName, mediaId: id }: Mxc): string => `mxc://${serverName}/${id}`;

/** `undefined` for what is no `mxc://` address. */
export const parseMxc = (raw: string): Mxc | undefined => {
  const [serverName = '', id = '', ...rest] = raw.startsWith('mxc://') ? raw.slice('mxc://'.length).split('/') : [];
  if (rest.length > 0 || !ServerName.is(serverName) || !MEDIA_ID.test(id)) return undefined;
  return { serverName, mediaId: id };
};

/** How long to wait for a file that is announced and not there yet. */
export const waiting = { timeout_ms: Type.Optional(Type.Integer({ minimum: 0 })) };

export const thumbnailQuery = Type.Object({
  width: Type.Integer({ minimum: 1, maximum: 65_535 }),
  height: Type.Integer({ minimum: 1, maximum: 65_535 }),
  method: Type.Optional(Type.Union([Type.Literal('crop'), Type.Literal('scale')])),
  animated: Type.Optional(Type.Boolean()),
  ...waiting,
});
export type ThumbnailQuery = Static<typeof thumbnailQuery>;
