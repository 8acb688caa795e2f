import type { RoomVersion } from '../rooms/room-version.ts';
import type { Conflict, Resolving } from './conflict.ts';
import { resolveV1 } from './resolve-v1.ts';
import { resolveV2 } from './resolve-v2.ts';

/** Resolves a conflict with the room version's algorithm. The order of anything in the input does not matter. */
export const resolve = (version: RoomVersion, conflict: Conflict): Resolving => {
  switch (version.stateResolution) {
    case 'v1':
      return resolveV1(conflict);
    case 'v2':
      return resolveV2(conflict, { startEmpty: false, withSubgraph: false });
    case 'v2.1':
      return resolveV2(conflict, { startEmpty: true, withSubgraph: true });
  }
};
