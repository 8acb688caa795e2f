import { call, type Answer, Refused } from './http.ts';
import type { Person } from './people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

export const UNSTABLE = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';

/** One connection of sliding sync, in the dialect that clients speak now. */
export class Slider {
  readonly person: Person;
  /** What the last answer that was kept said; absent before the first. */
  pos: string | undefined;
  readonly connId: string;

  constructor(person: Person, connId = 'room-list') {
    this.person = person;
    this.connId = connId;
  }

  /** Any answer, which is not kept. */
  request(body: object, timeout = 0, pos = this.pos): Promise<Answer> {
    const query = `?timeout=${timeout}${pos === undefined ? '' : `&pos=${encodeURIComponent(pos)}`}`;
    const url = `${this.person.home.url}${UNSTABLE}${query}`;
    return call('POST', url, { token: this.person.token, body: { conn_id: this.connId, ...body } });
  }

  /** As `sync`, but the answer gets lost. */
  async lose(body: object, timeout = 0): Promise<any> {
    const answer = await this.request(body, timeout);
    if (answer.status !== 200) throw new Refused('sliding sync', answer);
    return answer.body;
  }

  async sync(body: object, timeout = 0): Promise<any> {
    const answer = await this.lose(body, timeout);
    this.pos = answer.pos;
    return answer;
  }
}

/** A list of all rooms, as Element X asks for it. */
export const allRooms = (more: object = {}, range: readonly [number, number] = [0, 19]) => ({
  lists: { all_rooms: { ranges: [range], timeline_limit: 1, required_state: [], ...more } },
});

export const bodiesOf = (room: any): string[] =>
  (room?.timeline ?? []).flatMap((event: any) => event.content.body ?? []);
