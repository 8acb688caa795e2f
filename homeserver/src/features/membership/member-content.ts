import type { JsonObject } from '@holm/spec/json';
import type { UserId } from '@holm/spec/ids';
import type { Membership } from '../../core/events/membership.ts';
import type { Draft } from '../../rooms/send/draft.ts';
import type { MemberProfile } from '../profiles/index.ts';

const MEMBERSHIPS: ReadonlySet<unknown> = new Set<Membership>(['join', 'invite', 'leave', 'ban', 'knock']);

export const isMembership = (value: unknown): value is Membership => MEMBERSHIPS.has(value);

export interface Extras {
  readonly profile?: MemberProfile | undefined;
  readonly reason?: string | undefined;
  readonly isDirect?: boolean | undefined;
}

/** The content of an `m.room.member` event: what is not known is left out. */
export const memberContent = (membership: Membership, { profile, reason, isDirect }: Extras = {}): JsonObject => ({
  membership,
  ...(profile?.displayname !== undefined && { displayname: profile.displayname }),
  ...(profile?.avatar_url !== undefined && { avatar_url: profile.avatar_url }),
  ...(reason !== undefined && { reason }),
  ...(isDirect === true && { is_direct: true }),
});

export const memberDraft = (sender: UserId, target: UserId, content: JsonObject): Draft => ({
  sender,
  type: 'm.room.member',
  stateKey: target,
  content,
});

/** Who let somebody in is the server's to say, and only for that one join. */
export const withoutAuthority = (content: JsonObject): JsonObject => {
  const { join_authorised_via_users_server: _, ...rest } = content;
  return rest;
};
