import type { RoomId } from '@holm/spec/ids';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { ReadonlyMemberships } from '../../rooms/members/memberships.ts';
import { eventsOf, type JsonText, objectOf } from './json-text.ts';
import { isInviteBy, type UnwelcomeInviters } from './sections.ts';
import type { View } from './view.sync.ts';

/** Rooms of which this server has nothing any more: their readers are told no more than that they have left. */
export class GoneRooms {
  readonly #engine: Pick<RoomEngine, 'departures' | 'rooms'>;
  readonly #unwelcomeInviters: UnwelcomeInviters;

  constructor(engine: Pick<RoomEngine, 'departures' | 'rooms'>, unwelcomeInviters: UnwelcomeInviters) {
    this.#engine = engine;
    this.#unwelcomeInviters = unwelcomeInviters;
  }

  async told(view: View, members: ReadonlyMemberships): Promise<(readonly ['leave', RoomId, JsonText])[]> {
    const { after, upTo, viewer, stateField, filter } = view;
    const { departures, rooms } = this.#engine;
    if (after === undefined || !departures.hasAnySince(after)) return [];
    const gone = [...(await departures.of(viewer.userId))].filter(([, at]) => at > after && at <= upTo);
    if (gone.length === 0) return [];
    // Who has come back since is told of that; not who is asked back by whom they do not hear.
    const inviters = await this.#unwelcomeInviters(viewer.userId);
    const present = [...members].filter(([, member]) => !isInviteBy(member, inviters));
    const known = await rooms.byNids(present.map(([nid]) => nid));
    const back = new Set([...known.values()].map(({ roomId }) => roomId));
    const text = objectOf({
      [stateField]: eventsOf([]),
      timeline: '{"events":[],"limited":false}',
      account_data: eventsOf([]),
    });
    return gone
      .filter(([roomId]) => !back.has(roomId) && filter.room.room(roomId))
      .map(([roomId]) => ['leave', roomId, text] as const);
  }
}
