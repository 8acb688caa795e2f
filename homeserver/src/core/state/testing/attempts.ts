/** What people attempt in a random room. Most of it is something that they may do; the rules decide. */
import type { Json, JsonObject } from '@holm/spec/json';
import { isObject } from '@holm/spec/json';
import type { AuthState } from '../../auth/auth-state.ts';
import { membershipOf } from '../../auth/auth-state.ts';
import type { Draft } from '../../auth/selection.ts';
import type { RoomVersion } from '../../rooms/room-version.ts';
import type { Dice } from './dice.ts';
import { IDENTITY_KEY, TOKENS, signedInvite } from './identity-server.ts';

export type Attempt = Draft;

/** The room as the one who attempts something sees it. */
export interface RoomView {
  readonly version: RoomVersion;
  readonly state: AuthState;
}

export const PEOPLE = [
  '@alice:a.test', '@bob:b.test', '@carol:c.test', '@dave:a.test', '@erin:b.test', '@frank:d.test',
] as const; // prettier-ignore
const [CREATOR] = PEOPLE;
const LEVELS = [0, 10, 25, 50, 50, 75, 100];
const NAMES = ['users_default', 'events_default', 'state_default', 'ban', 'kick', 'invite', 'redact'];
const TYPES = ['m.room.topic', 'm.room.name', 'm.room.power_levels', 'm.room.join_rules', 'm.room.message'];
const RULES = ['public', 'invite', 'knock', 'restricted', 'knock_restricted', 'private'];

const state = (type: string, sender: string, content: JsonObject, stateKey = ''): Attempt => ({
  type,
  sender,
  stateKey,
  content,
});

const member = (sender: string, user: string, membership: string, more: JsonObject = {}): Attempt =>
  state('m.room.member', sender, { membership, ...more }, user);

/** How rooms begin: some with little more than their create event. */
export const beginning = (version: RoomVersion, dice: Dice): Attempt[] => {
  const { creator, privilegedCreators } = version.auth;
  const moderators = dice.some(PEOPLE.slice(1), dice.below(4)).map((user) => [user, dice.pick(LEVELS)]);
  const users = Object.fromEntries([...(privilegedCreators ? [] : [[CREATOR, 100]]), ...moderators]) as JsonObject;
  const additional = dice.chance(0.5) ? { additional_creators: dice.some(PEOPLE.slice(1), dice.below(3)) } : {};
  const create = {
    room_version: version.id,
    ...(creator === 'content' ? { creator: CREATOR } : {}),
    ...(privilegedCreators ? additional : {}),
    ...(dice.chance(0.03) ? { 'm.federate': false } : {}),
  };
  const listed = { ...users };
  if (privilegedCreators) for (const user of additional.additional_creators ?? []) Reflect.deleteProperty(listed, user);
  const invited = dice.some(PEOPLE.slice(1), dice.below(5));
  return [
    state('m.room.create', CREATOR, create),
    member(CREATOR, CREATOR, 'join'),
    ...(dice.chance(0.9) ? [state('m.room.power_levels', CREATOR, { users: listed })] : []),
    ...(dice.chance(0.8) ? [state('m.room.join_rules', CREATOR, { join_rule: dice.pick(['public', ...RULES]) })] : []),
    ...invited.flatMap((user) => [member(CREATOR, user, 'invite'), member(user, user, 'join')]),
  ];
};

/** Who is in the room, or anybody if nobody is. */
const somebody = ({ state: current }: RoomView, dice: Dice): string => {
  const joined = dice.chance(0.85) ? PEOPLE.filter((user) => membershipOf(user, current) === 'join') : PEOPLE;
  return joined.length > 0 ? dice.pick(joined) : dice.pick(PEOPLE);
};

type Kind = (view: RoomView, dice: Dice) => Attempt;

const onAnother =
  (membership: string): Kind =>
  (view, dice) =>
    member(somebody(view, dice), dice.pick(PEOPLE), membership);

const onOneself =
  (membership: string): Kind =>
  (_, dice) => {
    const user = dice.pick(PEOPLE);
    return member(user, user, membership, dice.chance(0.2) ? { displayname: `${dice.below(9)}` } : {});
  };

const text =
  (type: string): Kind =>
  (view, dice) =>
    state(type, somebody(view, dice), { text: dice.below(100) });

/** A change of one thing in the power levels that there are. */
const power =
  (change: (content: Record<string, Json | undefined>, dice: Dice) => void): Kind =>
  (view, dice) => {
    const content = { ...view.state('m.room.power_levels', '')?.content };
    change(content, dice);
    return state('m.room.power_levels', somebody(view, dice), content);
  };

const setIn = (
  content: Record<string, Json | undefined>,
  holder: string,
  key: string,
  level: Json | undefined,
): void => {
  const before = content[holder];
  const { [key]: _, ...rest } = isObject(before) ? before : {};
  content[holder] = level === undefined ? rest : { ...rest, [key]: level };
};

const joinByAuthority: Kind = (view, dice) => {
  const user = dice.pick(PEOPLE);
  return member(user, user, 'join', { join_authorised_via_users_server: somebody(view, dice) });
};

const inviteByToken: Kind = (view, dice) => {
  const [token, user] = [dice.pick(TOKENS), dice.pick(PEOPLE)];
  const sender = view.state('m.room.third_party_invite', token)?.sender ?? somebody(view, dice);
  return member(sender, user, 'invite', { third_party_invite: { signed: signedInvite(user, token) } });
};

/** Signatures take far longer than all other rules together, so few rooms have any. */
const KINDS_WITH_SIGNATURES: readonly Kind[] = [
  (view, dice) => state('m.room.third_party_invite', somebody(view, dice), IDENTITY_KEY, dice.pick(TOKENS)),
  inviteByToken,
];

const KINDS: readonly Kind[] = [
  onOneself('join'),
  onOneself('join'),
  onOneself('leave'),
  onOneself('knock'),
  onAnother('invite'),
  onAnother('leave'),
  onAnother('ban'),
  text('m.room.topic'),
  text('m.room.name'),
  power((content, dice) => setIn(content, 'users', dice.pick(PEOPLE), dice.pick(LEVELS))),
  power((content, dice) => setIn(content, 'users', dice.pick(PEOPLE), undefined)),
  power((content, dice) => setIn(content, 'events', dice.pick(TYPES), dice.pick(LEVELS))),
  power((content, dice) => {
    content[dice.pick(NAMES)] = dice.chance(0.03) ? `${dice.pick(LEVELS)}` : dice.pick(LEVELS);
  }),
  (view, dice) => state('m.room.join_rules', somebody(view, dice), { join_rule: dice.pick(RULES) }),
  joinByAuthority,
  (view, dice) => ({ type: 'm.room.message', sender: somebody(view, dice), stateKey: undefined, content: {} }),
  (view, dice) => {
    const sender = somebody(view, dice);
    return state('org.example.status', sender, {}, sender);
  },
  (_, dice) => {
    const sender = dice.pick(PEOPLE);
    return state('m.room.aliases', sender, { aliases: [] }, sender.slice(sender.indexOf(':') + 1));
  },
];

/** What is done in one room: everything, or little else than a few things. */
export const favouriteKinds = (dice: Dice): readonly Kind[] => {
  const kinds = dice.chance(0.05) ? [...KINDS, ...KINDS_WITH_SIGNATURES] : KINDS;
  if (dice.chance(0.4)) return kinds;
  const favourites = dice.some(kinds, 2 + dice.below(4));
  return [...kinds, ...Array.from({ length: 10 }, () => favourites).flat()];
};

export const draftAttempt = (view: RoomView, dice: Dice, kind: Kind): Attempt => kind(view, dice);
