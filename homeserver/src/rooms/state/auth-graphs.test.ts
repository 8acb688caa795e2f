import { expect } from 'chai';
import { type AuthEntry, encodeEntry } from '../../core/state/auth-graph-chunk.ts';
import type { Database } from '../../storage/database.ts';
import { AuthGraphs } from './auth-graphs.ts';

const room = 7;
const entry = (ordinal: number): AuthEntry => ({
  ordinal,
  nid: 100 + ordinal,
  previousNid: 99 + ordinal,
  authEvents: ordinal === 0 ? [] : [ordinal - 1],
});

describe('the auth graphs in memory', () => {
  /** How many events the database has, and when it says so. */
  let answers: PromiseWithResolvers<number>[];
  let graphs: AuthGraphs;
  beforeEach(() => {
    answers = [];
    const rows = async () => {
      const answer = Promise.withResolvers<number>();
      answers.push(answer);
      const entries = Array.from({ length: await answer.promise }, (_, ordinal) => encodeEntry(entry(ordinal)));
      return [{ data: Buffer.concat(entries) }];
    };
    graphs = new AuthGraphs({ rows } as unknown as Database);
  });
  const sizeOf = async () => (await graphs.of(room)).size;

  it('are read once by all who ask meanwhile, and grow with what is committed', async () => {
    const both = Promise.all([graphs.of(room), graphs.of(room)]);
    answers[0]!.resolve(2);
    const [one, other] = await both;
    expect(one).to.equal(other);
    graphs.added(room, [entry(2)]);
    expect([await sizeOf(), answers.length]).to.eql([3, 1]);
  });

  it('have what was committed while they were read, whoever else reads them', async () => {
    const early = sizeOf();
    graphs.added(room, [entry(2)]);
    const later = sizeOf();
    answers[0]!.resolve(2);
    expect(await early).to.equal(2);
    const last = sizeOf();
    answers[1]!.resolve(3);
    expect([await later, await last, await sizeOf()]).to.eql([3, 3, 3]);
    expect(answers).to.have.length(2);
  });

  it('are read anew after they were dropped while they were read', async () => {
    const early = sizeOf();
    graphs.drop(room);
    answers[0]!.resolve(3);
    await early;
    const later = sizeOf();
    answers[1]?.resolve(2);
    expect(await later).to.equal(2);
  });
});
