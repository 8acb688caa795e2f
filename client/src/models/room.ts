import { derive } from '../reactive/derive.ts';
import type { Value } from '../reactive/value.ts';
import type { Account } from '../sdk/gateway.ts';
import type { RoomSummary } from '../sdk/room-summary.ts';
import { action, type Action } from './action.ts';
import { composerModel, type ComposerModel } from './composer.ts';
import { membersModel, type MembersModel } from './members.ts';
import { timelineModel, type TimelineModel } from './timeline.ts';

/** Everything about one room that somebody is looking at. */
export interface RoomModel {
  readonly id: string;
  readonly summary: Value<RoomSummary | undefined>;
  readonly timeline: TimelineModel;
  readonly composer: ComposerModel;
  readonly members: MembersModel;
  readonly maySend: Value<boolean>;
  readonly accept: Action<[]>;
  readonly leave: Action<[]>;
  markRead(): void;
}

export const roomModel = (account: Account, roomId: string): RoomModel => {
  const port = account.room(roomId);
  return {
    id: roomId,
    summary: derive([account.rooms], (rooms) => rooms.find(({ id }) => id === roomId)),
    timeline: timelineModel(port),
    composer: composerModel(port),
    members: membersModel(port),
    maySend: port.maySend,
    accept: action(async () => {
      await account.join(roomId, []);
    }),
    leave: action(() => port.leave()),
    markRead: () => {
      port.markRead();
    },
  };
};
