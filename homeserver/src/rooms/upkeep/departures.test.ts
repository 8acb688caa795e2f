import { RoomId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import type { Database, Tx } from '../../storage/database.ts';
import type { Position } from '../../streams/stream.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { Departures } from './departures.ts';

const alice = UserId.parse('@alice:a.test');
const room = RoomId.parse('!room:a.test');
const at = (position: number) => position as Position;
const row = { room_id: room, position: at(5) };

describe('rooms that are gone', () => {
  /** What the database says, and when. */
  let answers: PromiseWithResolvers<unknown[]>[];
  let hooks: (() => void)[];
  let departures: Departures;
  let tx: Tx;
  beforeEach(() => {
    answers = [];
    hooks = [];
    const rows = ({ text }: { readonly text: string }): Promise<unknown[]> => {
      if (!text.includes('SELECT room_id')) return Promise.resolve([]);
      const answer = Promise.withResolvers<unknown[]>();
      answers.push(answer);
      return answer.promise;
    };
    departures = new Departures({ rows } as unknown as Database, new ManualClock());
    tx = { rows, afterCommit: (hook: () => void) => hooks.push(hook) } as unknown as Tx;
  });
  const commit = () => hooks.forEach((hook) => hook());
  const goneFor = async (user: UserId) => [...(await departures.of(user))];

  it('are remembered by who has looked them up, until there is another one', async () => {
    const first = goneFor(alice);
    answers[0]!.resolve([]);
    expect([await first, await goneFor(alice), answers.length]).to.eql([[], [], 1]);
    await departures.note([alice], room, at(5));
    const second = goneFor(alice);
    answers[1]!.resolve([row]);
    expect(await second).to.eql([[room, 5]]);
  });

  it('are looked up again where one was committed while they were read', async () => {
    await departures.note([alice], room, at(5), tx);
    const early = goneFor(alice);
    commit();
    answers[0]!.resolve([]);
    expect(await early).to.eql([]);
    const later = goneFor(alice);
    answers[1]?.resolve([row]);
    expect(await later).to.eql([[room, 5]]);
  });

  it('are none before they are committed', async () => {
    await departures.note([alice], room, at(5), tx);
    expect(departures.hasAnySince(at(4))).to.equal(false);
    commit();
    expect([departures.hasAnySince(at(4)), departures.hasAnySince(at(5))]).to.eql([true, false]);
  });
});
