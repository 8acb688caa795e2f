import { call, type Answer, Refused } from './http.ts';
import type { Person } from './people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

export const UNSTABLE = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';

export const STABLE = '/_matrix/client/v4/sync';

/** A body of the dialect that clients speak now, in that which was accepted. */
export const stableBody = ({ lists = {}, room_subscriptions: subscriptions, ...more }: any): any => ({
  ...more,
  lists: mapped(lists, ({ ranges: [range], ...list }: any) => ({ ...stableConfig(list), range })),
  ...(subscriptions && { room_subscriptions: mapped(subscriptions, stableConfig) }),
});

const stableConfig = ({ required_state: pairs, ...config }: any): any => ({
  ...config,
  required_state: { include: pairs.map(([type, key]: any) => ({ type, ...(key !== '*' && { state_key: key }) })) },
});

/** An answer of the dialect that was accepted, in that which clients speak now. */
export const unstableAnswer = ({ rooms = {}, extensions = {}, ...more }: any): any => ({
  ...more,
  extensions,
  rooms: mapped(
    rooms,
    ({ timeline_events: timeline, expanded_timeline: isExpanded, stripped_state: state, ...room }) => ({
      ...room,
      ...(timeline && { timeline }),
      ...(isExpanded && { unstable_expanded_timeline: isExpanded }),
      ...(state && { invite_state: state }),
    }),
  ),
});

/** Where nothing is told, there may be nothing. */
export const withExtensions = ({ extensions, rooms = {}, ...body }: any) => ({
  ...body,
  rooms,
  extensions: { account_data: { rooms: {} }, receipts: { rooms: {} }, ...extensions },
});

const mapped = (values: any, change: (value: any) => any): any =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));

/** One connection of sliding sync, by default in the dialect that clients speak now; bodies and answers are of that. */
export class Slider {
  readonly person: Person;
  /** What the last answer that was kept said; absent before the first. */
  pos: string | undefined;
  readonly connId: string;
  readonly dialect: 'unstable' | 'v4';

  constructor(person: Person, connId = 'room-list', dialect: 'unstable' | 'v4' = 'unstable') {
    this.person = person;
    this.connId = connId;
    this.dialect = dialect;
  }

  /** Any answer, which is not kept. */
  async request(wanted: object, timeout = 0, pos = this.pos): Promise<Answer> {
    const { url, body } = this.wire(wanted, timeout, pos);
    const answer = await call('POST', url, { token: this.person.token, body });
    return { ...answer, body: answer.status === 200 ? this.read(answer.body) : answer.body };
  }

  /** What is to be sent, and where to. */
  wire(body: object, timeout = 0, pos = this.pos): { readonly url: string; readonly body: object } {
    const { url } = this.person.home;
    if (this.dialect === 'v4') {
      const stable = { ...stableBody(body), conn_id: this.connId, timeout, ...(pos !== undefined && { pos }) };
      return { url: url + STABLE, body: stable };
    }
    const query = `?timeout=${timeout}${pos === undefined ? '' : `&pos=${encodeURIComponent(pos)}`}`;
    return { url: url + UNSTABLE + query, body: { conn_id: this.connId, ...body } };
  }

  /** An answer as it has come. */
  read(body: any): any {
    return this.dialect === 'v4' ? unstableAnswer(body) : body;
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
