import { MatrixError } from '@holm/spec/errors';
import { RoomAlias, type RoomId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';

export interface KnownAliases {
  /** M_NOT_FOUND for an alias that leads nowhere. */
  resolve(alias: RoomAlias): Promise<{ readonly roomId: RoomId }>;
}

/** The aliases in `m.room.canonical_alias`. M_BAD_JSON or M_INVALID_PARAM for what is none. */
const aliasesIn = ({ alias, alt_aliases: others }: JsonObject): readonly RoomAlias[] => {
  if (others !== undefined && !Array.isArray(others)) {
    throw new MatrixError('M_BAD_JSON', 'alt_aliases is not a list');
  }
  // An empty alias is how older clients take it away.
  const first = alias === undefined || alias === null || alias === '' ? [] : [alias];
  const all = [...first, ...((others ?? []) as readonly Json[])];
  return all.map((name) => {
    if (RoomAlias.is(name)) return name;
    throw new MatrixError('M_INVALID_PARAM', 'there is something among the aliases that is no alias');
  });
};

const readable = (content: JsonObject): readonly RoomAlias[] => {
  const { alias, alt_aliases: others } = content;
  return [alias, ...(Array.isArray(others) ? (others as readonly Json[]) : [])].filter((name) => RoomAlias.is(name));
};

/**
 * Checks that the aliases which an `m.room.canonical_alias` adds lead to its room. Those that are there already are
 * not looked at. M_BAD_ALIAS for one that leads elsewhere.
 * https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidstateeventtypestatekey
 */
export const checkNewAliases = async (
  aliases: KnownAliases,
  roomId: RoomId,
  { before, after }: { readonly before: JsonObject; readonly after: JsonObject },
): Promise<void> => {
  const known = new Set(readable(before));
  for (const alias of new Set(aliasesIn(after))) {
    if (known.has(alias)) continue;
    const target = await aliases.resolve(alias).catch((error: unknown) => {
      if (error instanceof MatrixError) return undefined;
      throw error;
    });
    if (target?.roomId !== roomId) {
      throw new MatrixError('M_BAD_ALIAS', `${alias} does not lead to this room`);
    }
  }
};
