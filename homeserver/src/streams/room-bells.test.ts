import type { UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { ManualClock } from '../testing/manual-clock.ts';
import { Notifier } from './notifier.ts';
import { RoomBells } from './room-bells.ts';

const usersOf = (count: number) => new Set(Array.from({ length: count }, (_, i) => `@user${i}:a.test` as UserId));
const speaker = '@user0:a.test' as UserId;
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('the bell of a room', () => {
  let clock: ManualClock;
  let notifier: Notifier;
  let bells: RoomBells<string>;
  let rung: Map<UserId, number>;
  beforeEach(() => {
    clock = new ManualClock();
    notifier = new Notifier();
    bells = new RoomBells({ notifier, clock });
    rung = new Map();
  });

  const listen = (users: Iterable<UserId>) => {
    for (const user of users) {
      rung.set(user, 0);
      notifier.listen(user, { ring: () => rung.set(user, (rung.get(user) ?? 0) + 1) });
    }
  };
  const times = () => [...new Set(rung.values())].sort();

  it('rings at once each time where few listen', () => {
    const users = usersOf(10);
    listen(users);
    for (let message = 1; message <= 3; message++) {
      bells.ring('room', users, [speaker]);
      expect(times()).to.eql([message]);
    }
  });

  it('rests where many listen, and rings once for all that is said meanwhile', async () => {
    const users = usersOf(50);
    listen(users);
    bells.ring('room', users, [speaker]);
    expect(times()).to.eql([1]);
    bells.ring('room', users, []);
    bells.ring('room', users, []);
    clock.advance(64);
    await settle();
    expect(times()).to.eql([1]);
    clock.advance(1);
    await settle();
    expect(times()).to.eql([2]);
  });

  it('rests again after that, and not where nothing was said', async () => {
    const users = usersOf(50);
    listen(users);
    for (let message = 0; message < 3; message++) bells.ring('room', users, []);
    clock.advance(65);
    await settle();
    bells.ring('room', users, []);
    expect(times()).to.eql([2]);
    clock.advance(65);
    await settle();
    expect(times()).to.eql([3]);
    clock.advance(65);
    await settle();
    expect(times()).to.eql([3]);
    bells.ring('room', users, []);
    expect(times()).to.eql([4]);
  });

  it('does not keep those waiting who have spoken, nor other rooms', () => {
    const users = usersOf(50);
    listen(users);
    bells.ring('room', users, []);
    bells.ring('room', users, [speaker]);
    expect(rung.get(speaker)).to.equal(2);
    expect(times()).to.eql([1, 2]);
    bells.ring('another room', users, []);
    expect(times()).to.eql([2, 3]);
  });

  it('never rests for long', async () => {
    const users = usersOf(1_000);
    listen(users);
    bells.ring('room', users, []);
    bells.ring('room', users, []);
    clock.advance(200);
    await settle();
    expect(times()).to.eql([2]);
  });

  it('is heard by those who listen, however many there are who do not', () => {
    const users = usersOf(1_000);
    const [first = speaker, second = speaker] = users;
    listen([first, second, '@stranger:a.test' as UserId]);
    bells.ring('room', users, []);
    expect([...rung.values()]).to.eql([1, 1, 0]);
  });
});
