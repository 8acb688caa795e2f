import type { Position } from '../../streams/stream.ts';
import type { EventNid, EventStatus, SnapshotId } from '../model.ts';

/** Where an event goes. */
export interface Placement {
  readonly nid: EventNid;
  readonly status: EventStatus;
  /** State before the event; absent for outliers. */
  readonly snapshot: SnapshotId | undefined;
  /** Where it stands in the stream of all events; absent for events that are not news. */
  readonly position: Position | undefined;
  /** It happens at its position, but stands in no timeline. */
  readonly isHidden?: boolean;
  /** Its place among what was missing before another event, counted down from there. */
  readonly history?: number | undefined;
  /** It follows events that are missing: there has to be room for them in front of it. */
  readonly isAfterGap?: boolean;
  readonly replaces: EventNid | undefined;
  /** Numbers of its auth events, where all of them have one. */
  readonly authNumbers: readonly number[] | undefined;
  /** Its own, if it was an outlier that has one. */
  readonly authNumber?: number | undefined;
  /** What has redacted it while its place was not known. */
  readonly redactedBy?: EventNid | undefined;
}
