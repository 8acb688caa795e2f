import type { ServerName } from '@holm/spec/ids';
import type { RoomEngine } from '../../rooms/engine.ts';
import type { StoredEvent } from '../../rooms/model.ts';
import type { RoomExchange } from '../room-exchange/index.ts';

export interface JoinAnswer {
  /** The state before the join. */
  readonly state: readonly StoredEvent[];
  readonly authChain: readonly StoredEvent[];
  readonly servers: readonly ServerName[];
}

/** What a server that has just joined needs to take part. */
export class JoinAnswers {
  readonly #engine: RoomEngine;
  readonly #exchange: Pick<RoomExchange, 'authChain'>;

  constructor(engine: RoomEngine, exchange: Pick<RoomExchange, 'authChain'>) {
    this.#engine = engine;
    this.#exchange = exchange;
  }

  async to(join: StoredEvent): Promise<JoinAnswer> {
    const { rooms, states } = this.#engine;
    const room = await rooms.byNid(join.roomNid);
    if (!room || join.snapshot === undefined) throw new Error(`the join ${join.event.eventId} has no place in a room`);
    const state = await states.all(join.snapshot);
    const { servers } = await this.#engine.membersOf(room);
    return { state, authChain: await this.#exchange.authChain(room, [...state, join]), servers: [...servers.keys()] };
  }
}
