import {
  getAccountData,
  getAccountDataPerRoom,
  setAccountData,
  setAccountDataPerRoom,
} from '@holm/spec/client-server/account-data';
import { deleteRoomTag, getRoomTags, setRoomTag } from '@holm/spec/client-server/tags';
import { MatrixError } from '@holm/spec/errors';
import type { UserId } from '@holm/spec/ids';
import { type Caller, type Route, route } from '../../http/route.ts';
import { isKeptByServer } from './account-data.ts';
import type { AccountData } from './account-data.service.ts';
import type { Tags } from './tags.service.ts';

export const accountDataRoutes = (accountData: AccountData): readonly Route[] => [
  route(setAccountData, async ({ body, caller, params: { type, userId } }) => {
    assertOwn(caller, userId);
    assertWritable(type);
    await accountData.set({ userId, roomId: undefined, type }, body);
    return {};
  }),

  route(getAccountData, ({ caller, params: { type, userId } }) => {
    assertOwn(caller, userId);
    return accountData.get({ userId, roomId: undefined, type });
  }),

  route(setAccountDataPerRoom, async ({ body, caller, params: { roomId, type, userId } }) => {
    assertOwn(caller, userId);
    assertWritable(type);
    await accountData.set({ userId, roomId, type }, body);
    return {};
  }),

  route(getAccountDataPerRoom, ({ caller, params: { roomId, type, userId } }) => {
    assertOwn(caller, userId);
    return accountData.get({ userId, roomId, type });
  }),
];

export const tagsRoutes = (tags: Tags): readonly Route[] => [
  route(getRoomTags, async ({ caller, params: { roomId, userId } }) => {
    assertOwn(caller, userId);
    return { tags: await tags.of(userId, roomId) };
  }),

  route(setRoomTag, async ({ body, caller, params: { roomId, tag, userId } }) => {
    assertOwn(caller, userId);
    await tags.add(userId, roomId, { tag, details: { ...body } });
    return {};
  }),

  route(deleteRoomTag, async ({ caller, params: { roomId, tag, userId } }) => {
    assertOwn(caller, userId);
    await tags.remove(userId, roomId, tag);
    return {};
  }),
];

const assertOwn = (caller: Caller, userId: UserId): void => {
  if (caller.userId !== userId) throw new MatrixError('M_FORBIDDEN', 'this is the data of somebody else');
};

const assertWritable = (type: string): void => {
  if (isKeptByServer(type)) throw new MatrixError('M_BAD_JSON', `${type} has an operation of its own`, { status: 405 });
};
