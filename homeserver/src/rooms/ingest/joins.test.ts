import { expect } from 'chai';
import { RoomId } from '@holm/spec/ids';
import { JoinsUnderWay } from './joins.ts';

const room = RoomId.parse('!room:a.test');

describe('joins under way', () => {
  it('hold up what is pushed meanwhile until the last of them is over', async () => {
    const joins = new JoinsUnderWay();
    const order: string[] = [];
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const both = [joins.during(room, () => first.promise), joins.during(room, () => second.promise)];
    const pushed = joins.over(room).then(() => order.push('pushed'));
    await joins.over(RoomId.parse('!other:a.test'));
    order.push('another room');
    first.resolve();
    await both[0];
    order.push('first');
    second.resolve();
    await Promise.all([...both, pushed]);
    expect(order).to.deep.equal(['another room', 'first', 'pushed']);
  });

  it('let it go on when they fail', async () => {
    const joins = new JoinsUnderWay();
    const join = joins.during(room, () => Promise.reject(new Error('no')));
    await joins.over(room);
    expect(await join.catch((error: unknown) => (error as Error).message)).to.equal('no');
  });
});
