import { RoomId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import fc from 'fast-check';
import { buildEvent } from '../../../core/events/build.ts';
import { roomVersion } from '../../../core/rooms/room-version.ts';
import { decide } from '../../../core/needs.ts';
import { entries } from '../../../core/state/trie-read.ts';
import { decodeRow } from '../../../core/state/trie-row.ts';
import { Metrics } from '../../../platform/metrics.ts';
import { sql } from '../../../storage/sql.ts';
import { createTestEngine, type TestEngine } from '../../../testing/engine.ts';
import { EMPTY_HEAD, type EventNid, type KeyNumber, type SnapshotId } from '../../model.ts';
import type { Room } from '../../room.ts';
import { Change } from '../../write/change.ts';
import { StateCollector, WAIT_MS } from './collector.ts';

const sender = UserId.parse('@alice:a.test');
type State = ReadonlyMap<KeyNumber, EventNid>;

interface StepOptions {
  readonly becomes: boolean;
  /** Begun when the state has been found, and not waited for. */
  readonly meanwhile?: () => Promise<unknown>;
  /** Waited for when the state has been found. */
  readonly between?: () => Promise<unknown>;
  /** More changes, on top of the state that was found. */
  readonly further?: readonly (readonly [KeyNumber, EventNid])[];
}

const changed = (state: State, changes: readonly (readonly [KeyNumber, EventNid])[]): State => {
  const next = new Map(state);
  for (const [key, value] of changes) {
    if (value === 0) next.delete(key);
    else next.set(key, value);
  }
  return next;
};

/** A room of states without meaning, and what each of them is. */
class Scribbles {
  readonly #test: TestEngine;
  readonly #room: Room;
  readonly states = new Map<SnapshotId, State>([[0, new Map()]]);
  #events = 0;

  private constructor(test: TestEngine, room: Room) {
    this.#test = test;
    this.#room = room;
  }

  static async start(test: TestEngine, name: string): Promise<Scribbles> {
    const version = roomVersion('11')!;
    const identity = await test.engine.rooms.identify(test.db, RoomId.parse(`!${name}:a.test`), version);
    const room = test.engine.rooms.make(identity, undefined, 'new');
    test.engine.rooms.add(room);
    return new Scribbles(test, room);
  }

  get nid(): number {
    return this.#room.nid;
  }

  get head(): SnapshotId {
    return this.#room.head?.snapshot ?? 0;
  }

  /** Writes an event whose state before is `before`, and the state after it, which becomes current or is abandoned. */
  step(
    before: SnapshotId,
    [key, value]: readonly [KeyNumber, EventNid],
    { becomes, meanwhile, between, further = [] }: StepOptions,
  ): Promise<void> {
    const { engine, signer } = this.#test;
    return engine.queue.run(this.nid, async () => {
      const change = new Change(this.#room, this.#room.head ?? EMPTY_HEAD);
      let after = await engine.tries.changeShared(this.nid, before, new Map([[key, value]]));
      await between?.();
      const other = meanwhile?.();
      await new Promise((resolve) => setImmediate(resolve));
      await engine.nids.ensure(10);
      const position = await engine.committer.claim();
      const event = buildEvent(
        {
          version: this.#room.version,
          roomId: this.#room.roomId,
          type: 'm.room.message',
          sender,
          content: { n: this.#events++ },
          prevEvents: [],
          authEvents: [],
          depth: 1,
          sentAt: 1,
        },
        signer,
      );
      change.addRows(after.rows);
      if (further.length > 0) {
        after = await engine.tries.changeShared(this.nid, after.snapshot, new Map(further));
        change.addRows(after.rows);
      }
      const [nid] = [engine.nids.take()];
      change.place(event, {
        nid,
        status: 'accepted',
        snapshot: before,
        position,
        replaces: undefined,
        authNumbers: undefined,
      });
      if (becomes) change.setCurrent(after.snapshot, position, []);
      expect(await engine.committer.commit(change, [position])).to.equal(true);
      this.states.set(after.snapshot, changed(this.states.get(before)!, [[key, value], ...further]));
      void other;
    });
  }

  /** What is stored still names these. */
  async named(): Promise<SnapshotId[]> {
    const rows = await this.#test.db.rows<{ snapshot: SnapshotId }>(sql`
      SELECT snapshot FROM events WHERE room_nid = ${this.nid} AND snapshot IS NOT NULL
       UNION SELECT snapshot FROM room_state_log WHERE room_nid = ${this.nid}
       UNION SELECT snapshot FROM room_heads WHERE room_nid = ${this.nid}`);
    return rows.map(({ snapshot }) => snapshot);
  }

  /** The rows that these are read from. */
  async needed(): Promise<Set<number>> {
    const stored = await this.#test.db.rows<{ row_id: number; data: Buffer }>(
      sql`SELECT row_id, data FROM state_rows WHERE room_nid = ${this.nid}`,
    );
    const rows = new Map(stored.map(({ row_id: id, data }) => [id, decodeRow({ id, data })]));
    const needed = new Set<number>();
    for (const snapshot of await this.named()) {
      decide(entries(snapshot === 0 ? undefined : snapshot), (id) => {
        needed.add(id);
        return rows.get(id);
      });
    }
    return needed;
  }

  async rows(): Promise<number[]> {
    const rows = await this.#test.db.rows<{ row_id: number }>(
      sql`SELECT row_id FROM state_rows WHERE room_nid = ${this.nid} ORDER BY row_id`,
    );
    return rows.map(({ row_id }) => row_id);
  }

  /** All that names a state goes, but what is current. */
  async forget(): Promise<void> {
    await this.#test.db.run(sql`DELETE FROM events WHERE room_nid = ${this.nid}`);
    await this.#test.db.run(sql`DELETE FROM room_state_log WHERE room_nid = ${this.nid}`);
  }

  /** History goes, as by a purge. */
  async purge(share: number): Promise<void> {
    await this.#test.db.run(sql`DELETE FROM events WHERE room_nid = ${this.nid} AND event_nid % 3 = ${share}`);
    await this.#test.db.run(sql`DELETE FROM room_state_log WHERE room_nid = ${this.nid} AND position % 3 = ${share}`);
  }

  /** Every state that something names is what it was, read by a server that remembers nothing. */
  async check(): Promise<void> {
    const { tries } = await this.#test.restart();
    for (const snapshot of await this.named()) {
      expect(new Map(await tries.entries(snapshot)), `state ${snapshot}`).to.eql(
        new Map([...this.states.get(snapshot)!].sort(([a], [b]) => a - b)),
      );
    }
  }
}

describe('the collection of states', () => {
  let test: TestEngine;
  let metrics: Metrics;
  let collector: StateCollector;
  let rooms = 0;
  before(async () => (test = await createTestEngine()));
  after(() => test[Symbol.asyncDispose]());
  beforeEach(() => {
    metrics = new Metrics();
    collector = new StateCollector({ ...test.engine, db: test.db, clock: test.clock, metrics });
  });

  const collectAll = async (nid: number): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      await collector.condemn(nid);
      await collector.remove(nid);
    }
  };

  it('loses nothing that is needed and leaves nothing that is not, whatever happens meanwhile', async () => {
    const step = fc.record({
      on: fc.nat(30),
      key: fc.oneof(fc.nat(5), fc.nat(1_500)),
      value: fc.nat(2),
      becomes: fc.boolean(),
      then: fc.constantFrom('nothing', 'nothing', 'nothing', 'condemn', 'remove', 'purge'),
      meanwhile: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), fc.nat(2), async (steps, share) => {
        const room = await Scribbles.start(test, `random${rooms++}`);
        for (const { on, key, value, becomes, then, meanwhile } of steps) {
          const named = [0, ...(await room.named())];
          const work = (): Promise<unknown> => {
            if (then === 'condemn') return collector.condemn(room.nid);
            if (then === 'remove') return collector.remove(room.nid);
            return then === 'purge' ? room.purge(share) : Promise.resolve();
          };
          let other: Promise<unknown> | undefined;
          await room.step(named[on % named.length]!, [key, value], {
            becomes,
            ...(meanwhile && { meanwhile: () => (other = work()) }),
          });
          await (other ?? work());
          if (then === 'remove') await room.check();
        }
        await collectAll(room.nid);
        await room.check();
        const needed = await room.needed();
        expect(await room.rows()).to.eql([...needed].sort((a, b) => a - b));
      }),
      { numRuns: 40 },
    );
  }).timeout(60_000);

  it('takes its time between finding a room grown and deleting, and then counts', async () => {
    const room = await Scribbles.start(test, 'grown');
    for (let n = 1; n <= 40; n++) await room.step(room.head, [n, n], { becomes: n % 2 === 0 });
    const before = (await room.rows()).length;
    await collector.run(); // not grown enough yet
    for (let n = 1; n <= 470; n++) await room.step(room.head, [0, n], { becomes: false });
    await collector.run();
    test.clock.advance(WAIT_MS - 1);
    await collector.run();
    expect((await room.rows()).length).to.be.greaterThan(before);
    test.clock.advance(1);
    await collector.run();
    expect((await room.rows()).length).to.be.at.most(21);
    expect(await metrics.registry.metrics()).to.match(/holm_state_rows_collected_total (4[89]\d|5\d\d)\n/);
    await room.check();
  }).timeout(30_000);

  it('does not find what is condemned, and keeps what was found before', async () => {
    const room = await Scribbles.start(test, 'condemned');
    await room.step(0, [1, 5], { becomes: true });
    const base = room.head;
    await room.step(base, [2, 6], { becomes: false });
    const [abandoned = 0] = [...room.states.keys()].filter((state) => state !== 0 && state !== base);
    // A step that has found the state is on its way while it is condemned.
    await room.step(base, [2, 6], { becomes: true, meanwhile: () => collector.condemn(room.nid) });
    expect(room.head).to.equal(abandoned);
    await collector.remove(room.nid);
    await room.check();
    await room.step(room.head, [3, 7], { becomes: false });
    expect(await collector.condemn(room.nid)).to.equal(1);
    const rows = await room.rows();
    await room.step(room.head, [3, 7], { becomes: true });
    expect(rows).not.to.include(room.head);
    await collector.remove(room.nid);
    await room.check();
  });

  it('keeps what a state that can still be found is made of', async () => {
    const room = await Scribbles.start(test, 'made of');
    await room.step(0, [1, 5], { becomes: true });
    const base = room.head;
    await room.step(base, [2, 6], { becomes: false });
    // On top of a state that is condemned at the same moment, another one is made, which nothing names in the end.
    const between = () => collector.condemn(room.nid);
    await room.step(base, [2, 6], { becomes: true, between, further: [[900, 7]] });
    const made = room.head;
    await room.step(0, [1, 8], { becomes: true });
    await room.forget();
    await collector.remove(room.nid);
    await room.step(0, [1, 5], {
      becomes: false,
      further: [
        [2, 6],
        [900, 7],
      ],
    });
    await room.step(0, [1, 5], {
      becomes: true,
      further: [
        [2, 6],
        [900, 7],
      ],
    });
    expect(room.head).to.equal(made);
    await room.check();
  });

  it('waits for steps that have found a state before', async () => {
    const room = await Scribbles.start(test, 'waits');
    await room.step(0, [1, 5], { becomes: true });
    const base = room.head;
    await room.step(base, [2, 6], { becomes: false });
    let removing: Promise<void> | undefined;
    const between = async () => {
      await collector.condemn(room.nid);
      removing = collector.remove(room.nid);
      // It would be through with the deletion by now.
      for (let i = 0; i < 40; i++) await room.rows();
    };
    await room.step(base, [2, 6], { becomes: true, between });
    await removing;
    await room.check();
  });

  it('knows every column that names a state', async () => {
    const columns = await test.db.rows<{ name: string }>(sql`
      SELECT table_name || '.' || column_name AS name FROM information_schema.columns
       WHERE table_schema = current_schema() AND column_name LIKE '%snapshot%' ORDER BY 1`);
    expect(columns.map(({ name }) => name)).to.eql([
      'events.snapshot',
      'room_heads.snapshot',
      // Which state a listing was made from: compared, never read.
      'room_listings.snapshot',
      'room_state_log.snapshot',
    ]);
  });
});
