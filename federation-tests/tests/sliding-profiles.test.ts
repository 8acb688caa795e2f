import { expect } from 'chai';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { allRooms, Slider } from '../src/sliding.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const NAME = 'org.matrix.msc4262.profiles';
const LAZY = { required_state: [['m.room.member', '$LAZY']] };
const asking = (more: object = {}, rooms: object = allRooms(LAZY)) => ({
  ...rooms,
  extensions: { [NAME]: { enabled: true, ...more } },
});

describe('profiles by sliding sync', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;
  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());
  beforeEach(async () => {
    [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
    room = await alice.createRoom();
    await bob.join(room);
  });

  const set = (person: Person, field: string, value: unknown) =>
    person.ask('PUT', `/profile/${person.userId}/${field}`, { [field]: value });
  const remove = (person: Person, field: string) => person.ask('DELETE', `/profile/${person.userId}/${field}`);
  const usersIn = (answer: any): any => answer.extensions[NAME]?.users;

  it('are those of whom the rooms show, and then what becomes of them, to oneself too', async () => {
    await set(bob, 'm.tz', 'Europe/Paris');
    await set(bob, 'org.example.mood', { is: 'fine' });
    const slider = new Slider(alice);
    const first = await slider.sync(asking());
    expect(usersIn(first)[bob.userId].updated).to.include({ 'm.tz': 'Europe/Paris' });
    expect((await slider.sync(asking())).extensions).to.eql({});

    const waiting = slider.sync(asking(), 30_000);
    await set(bob, 'org.example.mood', 'better');
    expect(usersIn(await waiting)).to.eql({ [bob.userId]: { updated: { 'org.example.mood': 'better' } } });
    await remove(bob, 'm.tz');
    await set(alice, 'm.tz', 'UTC');
    expect(usersIn(await slider.sync(asking()))).to.eql({
      [bob.userId]: { removed: ['m.tz'] },
      [alice.userId]: { updated: { 'm.tz': 'UTC' } },
    });
    // What stays as it is is no news.
    await set(alice, 'm.tz', 'UTC');
    expect((await slider.sync(asking())).extensions).to.eql({});
  });

  it('are told again when an answer gets lost, and after a restart, in the other dialect too', async () => {
    const slider = new Slider(alice);
    await slider.sync(asking());
    const stable = async (more: object) =>
      (await call('POST', `${alice.home.url}/_matrix/client/v4/sync`, { token: alice.token, body: more })).body;
    const list = { timeline_limit: 1, required_state: {} };
    const body = { lists: { list }, extensions: asking().extensions };
    const { pos } = await stable(body);
    await set(bob, 'm.tz', 'UTC');
    const expected = { [bob.userId]: { updated: { 'm.tz': 'UTC' } } };
    expect(usersIn(await slider.lose(asking()))).to.eql(expected);
    await network.stop('a.test');
    await network.start('a.test');
    expect(usersIn(await slider.sync(asking()))).to.eql(expected);
    expect(usersIn(await slider.sync(asking()))).to.equal(undefined);
    expect(usersIn(await stable({ ...body, pos }))).to.eql(expected);
  });

  it('are of the fields that are asked for, all of them where there are more than before', async () => {
    await set(bob, 'm.tz', 'UTC');
    await set(bob, 'org.example.mood', 'fine');
    const slider = new Slider(alice);
    const tz = asking({ fields: ['m.tz'] });
    expect(usersIn(await slider.sync(tz))[bob.userId]).to.eql({ updated: { 'm.tz': 'UTC' } });
    await set(bob, 'org.example.mood', 'better');
    expect(usersIn(await slider.sync(tz))).to.equal(undefined);
    const both = asking({ fields: ['m.tz', 'org.example.mood'] });
    expect(usersIn(await slider.sync(both))[bob.userId]).to.eql({
      updated: { 'm.tz': 'UTC', 'org.example.mood': 'better' },
    });
    expect(usersIn(await slider.sync(both))).to.equal(undefined);
    const carol = await network.person('carol', 'a.test');
    await set(carol, 'm.tz', 'UTC');
    // Begun later on a connection, it has all there is to know, too.
    const other = new Slider(alice, 'other');
    await other.sync(allRooms(LAZY));
    expect(usersIn(await other.sync(tz))[bob.userId]).to.eql({ updated: { 'm.tz': 'UTC' } });
    // And when it is asked for again: of rooms that came meanwhile it has told nothing.
    await alice.join(await carol.createRoom({ preset: 'public_chat' }));
    await other.sync(allRooms(LAZY));
    expect(usersIn(await other.sync(tz))[carol.userId]).to.eql({ updated: { 'm.tz': 'UTC' } });
    expect(usersIn(await other.sync(tz))).to.equal(undefined);
  });

  it('are of nobody with whom one shares no room, and end when one ceases to', async () => {
    const carol = await network.person('carol', 'a.test');
    const slider = new Slider(alice);
    await slider.sync(asking());
    await set(carol, 'm.tz', 'UTC');
    expect(usersIn(await slider.sync(asking()))).to.equal(undefined);
    await carol.join(room);
    await slider.sync(asking());
    // Also in rooms that are out of range.
    for (let n = 0; n < 2; n++) await alice.createRoom();
    const top = asking({}, allRooms(LAZY, [0, 0]));
    await slider.sync(top);
    await set(carol, 'm.tz', 'Europe/Oslo');
    expect(usersIn(await slider.sync(top))).to.eql({ [carol.userId]: { updated: { 'm.tz': 'Europe/Oslo' } } });
    await carol.leave(room);
    expect(usersIn(await slider.sync(top))).to.eql({ [carol.userId]: null });
    await set(carol, 'm.tz', 'UTC');
    expect(usersIn(await slider.sync(top))).to.equal(undefined);
  });

  it('of accounts that are closed for good are gone', async () => {
    await set(bob, 'm.tz', 'UTC');
    const carol = await network.person('carol', 'a.test');
    await carol.join(room);
    const slider = new Slider(bob);
    await slider.sync(asking());
    await network.server('a.test').running.services.features.profiles.erase(bob.userId as never);
    const told = usersIn(await slider.sync(asking()));
    expect(told[bob.userId].removed).to.include('m.tz');
  });
});
