import { MatrixError } from '@holm/spec/errors';
import { type RoomId, ServerName, type UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { canonicalAliasOf, joinRuleOf, profileOf, roomNameOf, roomTypeOf } from '../../core/events/content.ts';
import { stateKey as keyString } from '../../core/state/state-key.ts';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { Draft } from '../../rooms/send/draft.ts';
import type { Membership } from '../membership/index.ts';
import { type Address, canonical } from './address.ts';
import type { IdentityAccess, IdentityServers } from './identity-server.service.ts';

export interface AddressInvitesDeps {
  readonly engine: RoomEngine;
  readonly membership: Pick<Membership, 'invite'>;
  readonly identity: Pick<IdentityServers, 'lookUp' | 'storeInvite'>;
}

interface Wanted {
  readonly address: Address;
  readonly access: IdentityAccess;
}

const MAX_ADDRESS = 500;
const MEDIA: ReadonlySet<unknown> = new Set(['email', 'msisdn']);
const TOLD = ['canonical_alias', 'avatar', 'join_rules', 'name', 'create'] as const;

/** Invites to addresses of people of whom no user id is known. */
export class AddressInvites {
  readonly #deps: AddressInvitesDeps;

  constructor(deps: AddressInvitesDeps) {
    this.#deps = deps;
  }

  /** Invites whoever has the address; where nobody is known to, whoever will prove to. */
  async invite(roomId: RoomId, sender: UserId, invite: JsonObject): Promise<void> {
    const { engine, membership, identity } = this.#deps;
    const { address, access } = wantedOf(invite);
    const { room } = await engine.access.ofMember(sender, roomId);
    // Nobody's address is given away for an invite that may not be sent.
    await engine.sender.propose(room.roomId, inviteDraft(sender, 'none', {}));
    const user = await identity.lookUp(access, address);
    if (user !== undefined) return membership.invite({ roomId, sender, target: user });
    const told = await this.#told(room, sender);
    const { token, content } = await identity.storeInvite(access, { ...address, room_id: roomId, sender, ...told });
    await engine.sender.send(roomId, inviteDraft(sender, token, content));
  }

  /** What the identity server may put into its letter. */
  async #told(room: Parameters<RoomEngine['states']['view']>[0], sender: UserId): Promise<JsonObject> {
    const keys = TOLD.map((type) => [`m.room.${type}`, ''] as const);
    const snapshot = room.head?.snapshot ?? 0;
    const view = await this.#deps.engine.states.view(room, snapshot, [...keys, ['m.room.member', sender]]);
    const at = (type: string, stateKey = ''): JsonObject | undefined =>
      view.get(keyString(`m.room.${type}`, stateKey))?.event.content;
    const { displayName, avatarUrl } = profileOf(at('member', sender) ?? {});
    const avatar = at('avatar')?.['url'];
    const all = {
      room_alias: canonicalAliasOf(at('canonical_alias')),
      room_avatar_url: typeof avatar === 'string' ? avatar : undefined,
      room_join_rules: joinRuleOf(at('join_rules')),
      room_name: roomNameOf(at('name')),
      room_type: roomTypeOf(at('create')),
      sender_display_name: displayName,
      sender_avatar_url: avatarUrl,
    };
    return Object.fromEntries(
      Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
    );
  }
}

const inviteDraft = (sender: UserId, token: string, content: JsonObject): Draft => ({
  sender,
  type: 'm.room.third_party_invite',
  stateKey: token,
  content,
});

/** As clients send it: https://spec.matrix.org/latest/client-server-api/#post_matrixclientv3roomsroomidinvite-1 */
const wantedOf = (invite: JsonObject): Wanted => {
  const server = textIn(invite, 'id_server', (text) => ServerName.is(text));
  const token = textIn(invite, 'id_access_token', (text) => /^[\x21-\x7e]{1,2000}$/.test(text));
  const medium = textIn(invite, 'medium', (text) => MEDIA.has(text));
  const address = textIn(invite, 'address', (text) => text.trim() !== '' && text.length <= MAX_ADDRESS);
  return { address: canonical({ medium, address }), access: { server: ServerName.parse(server), token } };
};

const textIn = (invite: JsonObject, name: string, isSound: (text: string) => boolean): string => {
  const text = invite[name];
  if (text === undefined) throw new MatrixError('M_MISSING_PARAM', `${name} is missing`);
  if (typeof text === 'string' && isSound(text)) return text;
  throw new MatrixError('M_INVALID_PARAM', `${name} makes no sense`);
};

/** Throws M_MISSING_PARAM and M_INVALID_PARAM for what no invite to an address can be made from. */
export const checkAddressInvite = (invite: JsonObject): void => {
  wantedOf(invite);
};
