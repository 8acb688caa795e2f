import type { RoomId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';

export type JobKind = 'purge room' | 'purge history';
export type JobState = 'waiting' | 'running' | 'done' | 'failed';

export interface Job {
  readonly id: number;
  readonly roomId: RoomId;
  readonly kind: JobKind;
  readonly options: JsonObject;
  readonly progress: JsonObject;
  readonly state: JobState;
  readonly error: string | undefined;
  /** Absent where the server does it of its own accord. */
  readonly requestedBy: string | undefined;
  readonly createdAt: number;
  readonly finishedAt: number | undefined;
  readonly attempts: number;
  readonly epoch: number;
}

export interface NewJob {
  readonly roomId: RoomId;
  readonly kind: JobKind;
  readonly options: JsonObject;
  readonly requestedBy: string | undefined;
}
