import { expect } from 'chai';
import { setImmediate } from 'node:timers/promises';
import type { Room } from '../../../rooms/room.ts';
import { LongAnswers } from '../long-answers.sync.ts';
import { AskedViews, type AskedViewsDeps } from './asked-views.sync.ts';
import type { Asked } from './told-rooms.ts';

describe('what answers say of rooms', () => {
  it('is put together for a few at a time of those who ask for many', async () => {
    const gate = Promise.withResolvers<Map<number, Room>>();
    const begun: number[] = [];
    const byNids = (nids: readonly number[]) => {
      begun.push(nids.length);
      return gate.promise;
    };
    const nothing = async () => undefined;
    const engine = {
      rooms: { byNids },
      timeline: { warm: nothing },
      stateLogs: { warm: nothing, warmNewest: nothing },
    };
    const deps = { engine, summaries: { warm: nothing }, long: new LongAnswers() };
    const views = new AskedViews(deps as unknown as AskedViewsDeps);
    const askedFor = (rooms: number, n: number): Asked => {
      const covered = (nid: number) => ({ listed: { card: { nid }, member: {} }, config: { wishes: [] } });
      const candidates = new Map(Array.from({ length: rooms }, (_, nid) => [nid, covered(nid)]));
      return {
        base: { connection: { rooms: new Map() }, isGone: () => false },
        request: { viewer: { userId: `@user${n}:a.test` } },
        upTo: [],
        candidates,
      } as unknown as Asked;
    };
    const all = [30, 30, 30, 30, 30, 30, 30, 30, 5].map((rooms, n) => views.of(askedFor(rooms, n), new Set()));
    await setImmediate();
    expect(begun).to.eql([30, 30, 30, 30, 30, 30, 5]);
    gate.resolve(new Map());
    await Promise.all(all);
    expect(begun).to.have.length(9);
  });
});
