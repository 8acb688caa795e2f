import { MatrixError } from '@holm/spec/errors';
import type { UserId } from '@holm/spec/ids';
import { namedLevel, powerLevelOf } from '../../core/auth/power-levels.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import { authStateOf } from '../../rooms/state/states.ts';
import type { Access } from '../../rooms/timeline/access.ts';

export interface Administrators {
  isAdmin(user: UserId): Promise<boolean>;
}

export interface UnredactedDeps {
  readonly engine: RoomEngine;
  readonly administrators: Administrators;
}

export interface Wanted {
  readonly caller: UserId;
  readonly access: Access;
  readonly event: StoredEvent;
}

/**
 * An event as it was before it was redacted, for members who may redact and for administrators (MSC2815). The event
 * itself, where it has not been redacted.
 */
export const unredactedEvent = async (
  { engine, administrators }: UnredactedDeps,
  { caller, access, event }: Wanted,
): Promise<StoredEvent> => {
  const isAllowed = (await mayRedactHere(engine, access, caller)) || (await administrators.isAdmin(caller));
  if (!isAllowed) throw new MatrixError('M_FORBIDDEN', 'only who may redact may see what was redacted');
  if (event.redactedBy === undefined) return event;
  const original = await engine.originals.of(event);
  if (original === undefined) throw await gone(engine, event.redactedBy);
  return { ...event, event: original, redactedBy: undefined };
};

const mayRedactHere = async ({ states }: RoomEngine, { room, isJoined }: Access, user: UserId): Promise<boolean> => {
  if (!isJoined) return false;
  const keys = [
    ['m.room.create', ''],
    ['m.room.power_levels', ''],
  ] as const;
  const state = authStateOf(await states.view(room, room.head.snapshot, keys));
  return powerLevelOf(user, state) >= namedLevel(state, 'redact');
};

/** What is not there although it would still be kept has never been here. */
const gone = async ({ originals, events }: RoomEngine, redaction: number): Promise<MatrixError> => {
  const redactedAt = (await events.byNid(redaction))?.event.sentAt ?? 0;
  if (originals.areKeptSince(redactedAt)) {
    return new MatrixError(
      'FI.MAU.MSC2815_UNREDACTED_CONTENT_NOT_RECEIVED',
      'the event had been redacted when this server got it',
    );
  }
  return new MatrixError('FI.MAU.MSC2815_UNREDACTED_CONTENT_DELETED', 'what was redacted has been deleted since', {
    extra: { 'fi.mau.msc2815.content_keep_ms': originals.keptMs },
  });
};
