import { EventId, KeyId, RoomId, ServerName, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { signingKeyFromSeed, type VerifyKey, verifyKeyOf } from '../../crypto/keys.ts';
import { addSignature, buildEvent } from '../../events/build.ts';
import type { Event } from '../../events/event.ts';
import type { RoomVersion } from '../../rooms/room-version.ts';

/** Every server has the key of which the seed is its name's first letter. */
const keyOf = (server: string) =>
  signingKeyFromSeed(KeyId.parse('ed25519:1'), new Uint8Array(32).fill(server.charCodeAt(0)));

export const keyFor = (server: string): VerifyKey => verifyKeyOf(keyOf(server));

/** A member event of `@bob:b.test` about himself that his server and some others have signed. */
export const signedEvent = (version: RoomVersion, content: JsonObject, servers: readonly string[]): Event => {
  const [first, ...others] = ['b.test', ...servers].map((server) => ({
    server: ServerName.parse(server),
    key: keyOf(server),
  }));
  if (first === undefined) throw new Error('nobody signs');
  const event = buildEvent(
    {
      version,
      roomId: RoomId.parse(version.roomIds === 'create hash' ? '!room' : '!room:a.test'),
      eventId: version.eventIds === 'supplied' ? EventId.parse('$event:b.test') : undefined,
      type: 'm.room.member',
      sender: UserId.parse('@bob:b.test'),
      stateKey: '@bob:b.test',
      content,
      prevEvents: [EventId.parse('$prev')],
      authEvents: [EventId.parse('$auth')],
      depth: 7,
      sentAt: 1_700_000_000_000,
    },
    first,
  );
  return others.reduce(addSignature, event);
};
