import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { Slider } from '../src/sliding.ts';

const LIST = { ranges: [[0, 9]], timeline_limit: 1, required_state: [] };
const SUBSCRIPTION = { timeline_limit: 1, required_state: [] };

describe('extensions of sliding sync that tell of some rooms only', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;

  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    room = await alice.createRoom({ preset: 'public_chat' });
    await bob.join(room);
  });

  const types = (isTyping: boolean) =>
    bob.ask('PUT', `${pathOf(room)}/typing/${encodeURIComponent(bob.userId)}`, { typing: isTyping, timeout: 30_000 });
  const note = (type: string, content: object) =>
    alice.ask('PUT', `/user/${encodeURIComponent(alice.userId)}${pathOf(room)}/account_data/${type}`, content);

  it('tell who is typing whenever a room comes into what they tell of', async () => {
    const slider = new Slider(alice);
    const asked = (isSubscribed: boolean) => ({
      lists: { all: LIST },
      room_subscriptions: isSubscribed ? { [room]: SUBSCRIPTION } : {},
      extensions: { typing: { enabled: true, lists: [] } },
    });
    const typing = async (isSubscribed: boolean) =>
      (await slider.sync(asked(isSubscribed))).extensions.typing?.rooms?.[room]?.content.user_ids;
    await typing(true);
    await types(true);
    expect(await typing(true)).to.eql([bob.userId]);
    expect(await typing(false)).to.equal(undefined);
    await types(false);
    expect(await typing(false)).to.equal(undefined);
    expect(await typing(true)).to.eql([]);
    expect(await typing(true)).to.equal(undefined);
    await typing(false);
    await types(true);
    await typing(false);
    // That answer gets lost.
    await slider.request(asked(true));
    expect(await typing(true)).to.eql([bob.userId]);
    expect(await typing(true)).to.equal(undefined);
  });

  it('tell of rooms that came, or came back, while they were not asked for', async () => {
    const slider = new Slider(alice);
    const told = async (isSubscribed: boolean, isAsked: boolean) => {
      const { extensions } = await slider.sync({
        room_subscriptions: isSubscribed ? { [room]: SUBSCRIPTION } : {},
        extensions: isAsked ? { account_data: { enabled: true }, receipts: { enabled: true } } : {},
      });
      const types = extensions.account_data?.rooms?.[room]?.map(({ type }: { type: string }) => type);
      return [types, Object.keys(extensions.receipts?.rooms?.[room]?.content ?? {})];
    };
    const read = async () => {
      const said = await bob.say(room, 'hello');
      await bob.ask('POST', `${pathOf(room)}/receipt/m.read/${encodeURIComponent(said)}`, {});
      return said;
    };
    await told(false, true);
    await note('x.one', { a: 1 });
    const first = await read();
    await told(false, true);
    await told(true, false);
    expect(await told(true, true)).to.eql([['x.one'], [first]]);
    expect(await told(true, true)).to.eql([undefined, []]);
    await told(false, true);
    await note('x.two', { a: 2 });
    const second = await read();
    await told(false, true);
    await told(true, false);
    const [types, receipts] = await told(true, true);
    expect(types).to.include('x.two');
    expect(receipts).to.eql([second]);
    expect(await told(true, true)).to.eql([undefined, []]);
  });

  it('tell all that there is when a room comes into a list that they tell of', async () => {
    const said = await bob.say(room, 'hello');
    const slider = new Slider(alice);
    const scope = { enabled: true, lists: ['favourites'] };
    const asked = {
      lists: { all: LIST, favourites: { ...LIST, filters: { tags: ['m.favourite'] } } },
      extensions: { account_data: scope, receipts: scope },
    };
    const told = async () => {
      const { account_data: data, receipts } = (await slider.sync(asked)).extensions;
      const types = data?.rooms?.[room]?.map(({ type }: { type: string }) => type).toSorted();
      return [types, Object.keys(receipts?.rooms?.[room]?.content ?? {})];
    };
    await note('x.old', { a: 1 });
    await bob.ask('POST', `${pathOf(room)}/receipt/m.read/${encodeURIComponent(said)}`, {});
    expect(await told()).to.eql([undefined, []]);
    await note('m.tag', { tags: { 'm.favourite': {} } });
    expect(await told()).to.eql([['m.tag', 'x.old'], [said]]);
    await note('x.new', { a: 2 });
    expect(await told()).to.eql([['x.new'], []]);
  });
});
