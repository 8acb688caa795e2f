import type { ResponseOf } from '@holm/spec/endpoint';
import { ServerName } from '@holm/spec/ids';
import type { Json } from '@holm/spec/json';
import type { sendJoinV2 } from '@holm/spec/server-server/joins';
import type { Event } from '../../core/events/event.ts';
import type { LargeAnswer } from '../../federation/client/large-answer.ts';
import { ToldState } from '../../rooms/ingest/told-state.ts';

/** More than any room has. */
const MAX_SERVERS = 20_000;

export interface JoinAnswer {
  /** The join, as the server that lets us in has signed it. */
  readonly event: Json | undefined;
  readonly before: ToldState;
  /** The servers in the room, where most members have been left out of the state. */
  readonly servers: readonly ServerName[] | undefined;
}

/** What the server that lets us in says of the room, which may be of any size. */
export const readJoinAnswer = async (
  answer: LargeAnswer<ResponseOf<typeof sendJoinV2>>,
  join: Event,
): Promise<JoinAnswer> => {
  const before = new ToldState();
  const servers: ServerName[] = [];
  const { event, members_omitted: omitted } = await answer.read((list, item, characters) => {
    if (list === 'state') before.take('state', item, characters);
    else if (list === 'auth_chain') before.take('authChain', item, characters);
    else if (list === 'servers_in_room' && ServerName.is(item) && servers.length < MAX_SERVERS) servers.push(item);
  });
  if (before.isLarge) {
    await before.takeNeeded(
      async (take) => {
        const isState = (list: string) => list === 'state';
        await answer.read((_, pdu, characters) => take(pdu, characters), isState);
      },
      [join.sender, join.content['join_authorised_via_users_server']],
    );
  }
  return { event, before, servers: omitted === true ? servers : undefined };
};
