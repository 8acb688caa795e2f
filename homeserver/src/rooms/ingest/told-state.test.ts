import { expect } from 'chai';
import { ToldState } from './told-state.ts';

const member = (user: string, { sender = user, by }: { sender?: string; by?: string } = {}) => ({
  type: 'm.room.member',
  state_key: `@${user}:${user}.test`,
  sender: `@${sender}:${sender}.test`,
  content: { membership: 'join', ...(by !== undefined && { join_authorised_via_users_server: `@${by}:${by}.test` }) },
});
const levels = { type: 'm.room.power_levels', state_key: '', sender: '@alice:alice.test', content: {} };

const crowd = Array.from({ length: 1_200 }, (_, n) => member(`m${n}`));

const told = (pdus: readonly unknown[], length = 100): ToldState => {
  const state = new ToldState();
  for (const pdu of pdus) state.take('state', pdu, length);
  return state;
};

describe('the state that is told to who joins', () => {
  it('is taken as a whole if it is small', () => {
    const pdus = [levels, ...crowd.slice(0, 900)];
    const state = told(pdus);
    expect(state.isLarge).to.equal(false);
    expect(state.state).to.have.members(pdus);
  });

  it('is taken without members if it is large, but for those whom the rest needs, and those whom they need', async () => {
    const needed = [
      member('alice', { by: 'bob' }),
      member('bob', { sender: 'carol' }),
      member('carol'),
      member('dora'),
    ];
    const pdus = [...needed, ...crowd, levels];
    const state = told(pdus);
    expect(state.isLarge).to.equal(true);
    expect(state.state).to.eql([levels]);
    expect(state.servers).to.have.length(crowd.length + needed.length);
    const read = (take: (pdu: unknown, characters: number) => void) => {
      for (const pdu of pdus) take(pdu, 100);
      return Promise.resolve();
    };
    await state.takeNeeded(read, ['@dora:dora.test', undefined]);
    expect(state.state).to.have.members([levels, ...needed]);
  });

  it('is no more than can be held', () => {
    const rest = Array.from({ length: 40 }, (_, n) => ({ ...levels, state_key: String(n) }));
    expect(() => told(rest, 1024 * 1024)).to.throw('too large');
    // Members of a large one are not held.
    expect(() => told([...crowd, ...crowd], 30_000)).not.to.throw();
  });
});
