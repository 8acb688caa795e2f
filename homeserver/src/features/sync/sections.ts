import type { RoomId, UserId } from '@holm/spec/ids';
import type { Soon } from '../../platform/soon.ts';
import type { Member } from '../../rooms/model.ts';
import { type JsonText, objectOf } from './json-text.ts';

type Section = 'join' | 'invite' | 'knock' | 'leave';
export type ToldRoom = readonly [Section, RoomId, JsonText];

const SECTIONS: readonly Section[] = ['join', 'invite', 'knock', 'leave'];

/** Where the answer tells of a room, by what its reader is there. */
export const sectionOf = ({ membership }: Member): Section => (membership === 'ban' ? 'leave' : membership);

export type Inviters = Pick<ReadonlySet<UserId>, 'has'>;

/** By whom users are not told of invites: those whom they ignore, or everybody. The same object as long as it says the same. */
export type UnwelcomeInviters = (user: UserId) => Soon<Inviters>;

export const isInviteBy = ({ membership, sender }: Member, inviters: Inviters): boolean =>
  membership === 'invite' && inviters.has(sender);

/** All of them; nothing where there are none. */
export const sectionsText = (told: readonly ToldRoom[]): JsonText | undefined => {
  if (told.length === 0) return undefined;
  const sections: Partial<Record<Section, JsonText>> = {};
  for (const section of SECTIONS) {
    const rooms = told.filter(([of]) => of === section);
    if (rooms.length === 0) continue;
    sections[section] = `{${rooms.map(([, roomId, text]) => `${JSON.stringify(roomId)}:${text}`).join(',')}}`;
  }
  return objectOf(sections);
};
