import { derive } from '../reactive/derive.ts';
import type { Value } from '../reactive/value.ts';
import type { RoomPort } from '../sdk/room-port.ts';
import { action, type Action } from './action.ts';
import { keepUnchanged, timelineItems, type DayOf, type TimelineItem } from './timeline-items.ts';

export interface TimelineModel {
  readonly items: Value<readonly TimelineItem[]>;
  readonly hasEarlier: Value<boolean>;
  readonly loadEarlier: Action<[]>;
  retry(key: string): void;
  discard(key: string): void;
}

type Port = Pick<RoomPort, 'timeline' | 'loadEarlier' | 'retry' | 'discard'>;

export const timelineModel = (room: Port, dayOf?: DayOf): TimelineModel => {
  let shown: readonly TimelineItem[] = [];
  return {
    items: derive([room.timeline], ({ entries }) => (shown = keepUnchanged(shown, timelineItems(entries, dayOf)))),
    hasEarlier: derive([room.timeline], (timeline) => timeline.hasEarlier),
    loadEarlier: action(() => room.loadEarlier()),
    retry: (key) => {
      room.retry(key);
    },
    discard: (key) => {
      room.discard(key);
    },
  };
};
