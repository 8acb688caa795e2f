import type { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { createTestDatabase } from '../../testing/database.ts';
import { jobsStore as store } from './jobs.store.ts';

describe('jobs on rooms', () => {
  it('are begun once, however many ask for them at the same moment', async () => {
    await using fixture = await createTestDatabase();
    const { db } = fixture;
    const job = { roomId: '!room:a.test' as RoomId, kind: 'purge room' as const, options: {}, requestedBy: undefined };
    // Somebody else is about to add one, and nobody can see it yet.
    const { promise: committed, resolve: commit } = Promise.withResolvers<void>();
    const { promise: added, resolve: isAdded } = Promise.withResolvers<void>();
    const first = db.transact(async (tx) => {
      const one = await store.add(tx as never, job, 1);
      isAdded();
      await committed;
      return one;
    });
    await added;
    const second = store.add(db, job, 1);
    setImmediate(commit);
    expect([(await first)?.roomId, await second]).to.eql([job.roomId, undefined]);
    expect(await store.add(db, { ...job, kind: 'purge history' }, 1)).not.to.equal(undefined);
    const taken = (await store.take(db, 2, 3))!;
    expect(await store.add(db, job, 2)).to.equal(undefined);
    await store.settle(db, taken, { state: 'done', dueAt: 2, finishedAt: 2, attempts: 0 });
    expect(await store.add(db, job, 3)).not.to.equal(undefined);
  });
});
