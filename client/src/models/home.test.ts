import { expect } from 'chai';
import type { Location } from '../platform/location.ts';
import { derive } from '../reactive/derive.ts';
import { createValue } from '../reactive/value.ts';
import { ProblemError } from '../sdk/problem.ts';
import { fakeAccount } from '../testing/fake-account.ts';
import { room } from '../testing/samples.ts';
import { homeModel, joinTarget } from './home.ts';
import { parseRoute } from './route.ts';

const setUp = (start = '#/') => {
  const fake = fakeAccount();
  const hash = createValue(start);
  const visible = createValue(true);
  const location: Location = {
    hash,
    origin: 'https://a.org',
    go: (next) => {
      hash.set(next);
    },
    replace: (next) => {
      hash.set(next);
    },
  };
  const home = homeModel({ account: fake.account, location, route: derive([hash], parseRoute), visible });
  return { ...fake, hash, visible, home };
};

describe('what the window shows', () => {
  it('is nothing at first, then the room that the address names', () => {
    const { home, rooms, hash } = setUp();
    expect(home.pane.get().is).to.equal('empty');
    rooms.set([room('!r', { alias: '#tea:a.org' })]);
    hash.set('#/room/!r');
    expect(home.pane.get().is).to.equal('room');
    hash.set('#/room/%23tea%3Aa.org');
    const pane = home.pane.get();
    expect(pane.is === 'room' && pane.room.id).to.equal('!r');
  });

  it('waits for the first sync before it calls somebody an outsider', () => {
    const { home, isReady } = setUp('#/room/!far?via=b.org');
    isReady.set(false);
    expect(home.pane.get().is).to.equal('waiting');
    isReady.set(true);
    expect(home.pane.get()).to.deep.equal({ is: 'outside', target: '!far' });
  });

  it('offers an invitation as such, and goes in when it is accepted', async () => {
    const { home, rooms, calls, hash } = setUp('#/');
    rooms.set([room('!r', { membership: 'invite' })]);
    hash.set('#/room/!r');
    expect(home.pane.get().is).to.equal('invitation');
    await home.accept('!r');
    expect(calls).to.include('join !r via ');
    expect(home.pane.get().is).to.equal('waiting');
    rooms.set([room('!r')]);
    expect(home.pane.get().is).to.equal('room');
  });

  it('is home again after leaving the room that was shown, and only then', async () => {
    const { home, rooms, hash } = setUp('#/room/!a');
    rooms.set([room('!a'), room('!b')]);
    await home.leave('!b');
    expect(hash.get()).to.equal('#/room/!a');
    await home.leave('!a');
    expect(hash.get()).to.equal('#/');
  });

  it('keeps what was written in a room while another is shown', () => {
    const { home, rooms, hash } = setUp('#/room/!a');
    rooms.set([room('!a'), room('!b')]);
    home.room('!a').composer.write('half a thou');
    hash.set('#/room/!b');
    hash.set('#/room/!a');
    const pane = home.pane.get();
    expect(pane.is === 'room' && pane.room.composer.draft.get()).to.equal('half a thou');
  });
});

describe('reading', () => {
  it('marks the room on screen as read, when somebody can see it', () => {
    const { rooms, calls, visible } = setUp('#/room/!a');
    visible.set(false);
    rooms.set([room('!a', { isUnread: true }), room('!b', { isUnread: true })]);
    expect(calls).to.deep.equal([]);
    visible.set(true);
    expect(calls).to.deep.equal(['read !a']);
  });
});

describe('entering rooms', () => {
  it('creates a room and goes there', async () => {
    const { home, calls, hash } = setUp();
    expect(await home.create.run({ name: ' Tea ', isPublic: true, alias: 'tea' })).to.equal(true);
    expect(calls).to.deep.equal(['create Tea public tea']);
    expect(hash.get()).to.equal('#/room/!new');
    expect(home.pane.get().is).to.equal('waiting');
  });

  it('refuses a room without a name and an address that cannot be one', async () => {
    const { home, calls } = setUp();
    await home.create.run({ name: ' ', isPublic: false, alias: '' });
    expect(home.create.state.get().problem?.code).to.equal('missing-name');
    await home.create.run({ name: 'Tea', isPublic: true, alias: 'Tea pot' });
    expect(home.create.state.get().problem?.code).to.equal('bad-alias');
    expect(calls).to.deep.equal([]);
  });

  it('joins through the servers that the address names', async () => {
    const { home, calls } = setUp('#/room/!far?via=b.org&via=c.org');
    await home.join.run('!far');
    expect(calls).to.deep.equal(['join !far via b.org,c.org']);
  });

  it('says why it could not join', async () => {
    const { home, trouble } = setUp();
    trouble.next = new ProblemError({ code: 'M_FORBIDDEN', detail: 'not invited' });
    expect(await home.join.run('#tea:a.org')).to.equal(false);
    expect(home.join.state.get().problem).to.deep.equal({ code: 'M_FORBIDDEN', detail: 'not invited' });
  });

  const targets: readonly [string, string, string[]][] = [
    [' #tea:a.org ', '#tea:a.org', []],
    ['!r:a.org', '!r:a.org', []],
    ['https://matrix.to/#/%23tea%3Aa.org?via=b.org', '#tea:a.org', ['b.org']],
    ['https://matrix.to/#/!r?via=b.org&via=c.org', '!r', ['b.org', 'c.org']],
  ];
  for (const [typed, target, via] of targets)
    it(`understands ${typed.trim()}`, () => expect(joinTarget(typed)).to.deep.equal({ target, via }));
  for (const typed of ['', 'tea', '@me:a.org', '#tea', 'https://matrix.to/#/%zz'])
    it(`does not understand ${JSON.stringify(typed)}`, () => expect(() => joinTarget(typed)).to.throw(ProblemError));
});
