import { RoomAlias, RoomId, isLocalpart } from '@holm/spec/ids';
import type { Location } from '../platform/location.ts';
import { together } from '../reactive/disposables.ts';
import { derive } from '../reactive/derive.ts';
import { createValue, type Value } from '../reactive/value.ts';
import type { Account, Connection } from '../sdk/gateway.ts';
import type { RoomSummary } from '../sdk/room-summary.ts';
import { action, type Action } from './action.ts';
import { mistake } from './problem.ts';
import { roomListModel, type RoomListModel } from './room-list.ts';
import { roomModel, type RoomModel } from './room.ts';
import { decode, routeTo, type Route } from './route.ts';

/** What the main part of the window shows. */
export type Pane =
  | { readonly is: 'empty' }
  /** The first sync, or the room just joined, is on its way. */
  | { readonly is: 'waiting' }
  | { readonly is: 'room'; readonly room: RoomModel }
  | { readonly is: 'invitation'; readonly room: RoomModel }
  | { readonly is: 'outside'; readonly target: string };

export interface NewRoomForm {
  readonly name: string;
  readonly isPublic: boolean;
  readonly alias: string;
}

export interface HomeModel extends Disposable {
  readonly userId: string;
  readonly serverName: string;
  readonly displayName: Value<string>;
  readonly connection: Value<Connection>;
  readonly isReady: Value<boolean>;
  readonly list: RoomListModel;
  readonly pane: Value<Pane>;
  readonly create: Action<[NewRoomForm]>;
  readonly join: Action<[string]>;
  room(roomId: string): RoomModel;
  /** Accepts an invitation and goes there. */
  accept(roomId: string): Promise<void>;
  /** Leaves a room, or declines the invitation to it. */
  leave(roomId: string): Promise<void>;
  reconnect(): void;
}

export interface HomeNeeds {
  readonly account: Account;
  readonly location: Location;
  readonly route: Value<Route>;
  readonly visible: Value<boolean>;
}

export const homeModel = ({ account, location, route, visible }: HomeNeeds): HomeModel => {
  const models = new Map<string, RoomModel>();
  /** The room just entered, of which the sync has not told us yet. */
  const entering = createValue<string | undefined>(undefined);

  const modelOf = (roomId: string): RoomModel => {
    const room = models.get(roomId) ?? roomModel(account, roomId);
    models.set(roomId, room);
    return room;
  };
  const pane = derive([route, account.rooms, account.isReady, entering], (at, rooms, isReady, awaited): Pane => {
    if (at.at !== 'room') return { is: 'empty' };
    const summary = rooms.find(({ id, alias }) => id === at.target || alias === at.target);
    if (summary?.membership === 'join') return { is: 'room', room: modelOf(summary.id) };
    if (!isReady || awaited === at.target) return { is: 'waiting' };
    return summary?.membership === 'invite'
      ? { is: 'invitation', room: modelOf(summary.id) }
      : { is: 'outside', target: at.target };
  });
  const enter = (roomId: string) => {
    entering.set(roomId);
    location.go(routeTo.room(roomId));
  };
  const viaOf = (target: string): readonly string[] => {
    const at = route.get();
    return at.at === 'room' && at.target === target ? at.via : [];
  };

  return {
    userId: account.userId,
    serverName: account.userId.slice(account.userId.indexOf(':') + 1),
    displayName: account.displayName,
    connection: account.connection,
    isReady: account.isReady,
    list: roomListModel(account.rooms),
    pane,
    create: action(async (form) => enter(await account.createRoom(newRoom(form)))),
    join: action(async (typed) => {
      const { target, via } = joinTarget(typed);
      enter(await account.join(target, via.length > 0 ? via : viaOf(target)));
    }),
    room: modelOf,
    async accept(roomId) {
      if (await modelOf(roomId).accept.run()) enter(roomId);
    },
    async leave(roomId) {
      const shown = pane.get();
      const isShown = 'room' in shown && shown.room.id === roomId;
      if ((await modelOf(roomId).leave.run()) && isShown) location.go(routeTo.home);
    },
    reconnect: () => {
      account.reconnect();
    },
    ...readWhatIsShown(pane, account.rooms, visible),
  };
};

/** A room that is on screen is read. */
const readWhatIsShown = (
  pane: Value<Pane>,
  rooms: Value<readonly RoomSummary[]>,
  visible: Value<boolean>,
): Disposable => {
  const look = () => {
    const shown = pane.get();
    if (visible.get() && shown.is === 'room' && shown.room.summary.get()?.isUnread) shown.room.markRead();
  };
  return together([pane.observe(look), rooms.observe(look), visible.observe(look)]);
};

const newRoom = ({ name, isPublic, alias }: NewRoomForm) => {
  const trimmed = name.trim();
  const localpart = alias.trim();
  if (trimmed === '') throw mistake('missing-name');
  if (isPublic && localpart !== '' && !isLocalpart(localpart)) throw mistake('bad-alias');
  return { name: trimmed, isPublic, ...(isPublic && localpart !== '' && { alias: localpart }) };
};

/** `#alias:server`, `!id`, or a link to either, with the servers it says to join through. */
export const joinTarget = (typed: string): { target: string; via: readonly string[] } => {
  const link = /^https:\/\/matrix\.to\/#\/([^/?]+)(?:\?(.*))?$/.exec(typed.trim());
  const target = link ? decode(link[1] ?? '') : typed.trim();
  if (target === undefined || (!RoomAlias.is(target) && !RoomId.is(target))) throw mistake('bad-room');
  return { target, via: new URLSearchParams(link?.[2] ?? '').getAll('via') };
};
