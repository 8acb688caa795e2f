import { UserId } from '@holm/spec/ids';
import { derive } from '../reactive/derive.ts';
import type { Value } from '../reactive/value.ts';
import type { Member, RoomPort } from '../sdk/room-port.ts';
import { action, type Action } from './action.ts';
import { mistake } from './problem.ts';

export type Rank = 'creator' | 'admin' | 'moderator' | 'member';

export interface MemberRow {
  readonly userId: string;
  readonly name: string;
  readonly rank: Rank;
  readonly isInvited: boolean;
}

export interface MembersModel {
  readonly rows: Value<readonly MemberRow[]>;
  readonly mayInvite: Value<boolean>;
  readonly load: Action<[]>;
  readonly invite: Action<[string]>;
}

export const membersModel = (
  room: Pick<RoomPort, 'members' | 'mayInvite' | 'loadMembers' | 'invite'>,
): MembersModel => ({
  rows: derive([room.members], toRows),
  mayInvite: room.mayInvite,
  load: action(() => room.loadMembers()),
  invite: action(async (typed) => {
    const userId = typed.trim();
    if (!UserId.is(userId)) throw mistake('bad-user-id');
    await room.invite(userId);
  }),
});

/** Those here before those invited, the powerful first, then by name. */
export const toRows = (members: readonly Member[]): readonly MemberRow[] =>
  members.toSorted(byStanding).map(({ userId, name, power, membership }) => ({
    userId,
    name,
    rank: rankOf(power),
    isInvited: membership === 'invite',
  }));

const byStanding = (a: Member, b: Member): number =>
  Number(a.membership === 'invite') - Number(b.membership === 'invite') ||
  // Not by subtraction: the creators of newer rooms are infinitely powerful.
  Number(b.power > a.power) - Number(a.power > b.power) ||
  a.name.localeCompare(b.name);

const rankOf = (power: number): Rank => {
  if (power === Infinity) return 'creator';
  if (power >= 100) return 'admin';
  return power >= 50 ? 'moderator' : 'member';
};
