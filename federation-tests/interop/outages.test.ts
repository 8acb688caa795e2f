import { expect } from 'chai';
import { textsOf } from '../src/people.ts';
import { inEachRoom } from './cast.ts';
import { eventually } from './pair.ts';

inEachRoom('after an outage', (cast) => {
  const missed = (count: number) => Array.from({ length: count }, (_, index) => `missed ${index}`);

  // More than a server asks for at once when it finds that it missed something; more than it asks for at all.
  for (const count of [30, 120]) {
    it(`a gap of ${count} messages`, async () => {
      const { host, guest, pair } = cast;
      const room = await cast.sharedRoom();
      pair.cut();
      const texts = missed(count);
      for (const text of texts) await host.say(room, text);
      await host.setState(room, ['m.room.name', ''], { name: 'Meanwhile' });
      await pair.heal();
      await host.say(room, 'there you are');
      await guest.view.untilMessage(room, 'there you are');
      await cast.agree(room);
      await eventually(async () => {
        expect(textsOf(await guest.history(room, 100)).reverse()).to.deep.equal([...texts, 'there you are']);
      });
      await cast.agreeOnHistory(room);
    });
  }

  it('what both said meanwhile, and nobody else did', async () => {
    const { host, guest, pair } = cast;
    const room = await cast.sharedRoom();
    pair.cut();
    const texts = missed(12);
    for (const [index, text] of texts.entries()) await (index % 2 === 0 ? host : guest).say(room, text);
    await pair.heal();
    await host.say(room, 'there you are');
    await guest.say(room, 'and you');
    for (const person of [host, guest]) {
      await eventually(async () => {
        expect(textsOf(await person.history(room))).to.have.members([...texts, 'there you are', 'and you']);
      });
    }
    await cast.agree(room);
  });

  it('one mind after a conflict', async () => {
    const { host, guest, pair } = cast;
    const room = await cast.sharedRoom();
    const stranger = await cast.another('stranger', 'guest');
    await cast.comeIn(stranger, room);
    await cast.agree(room);
    const levels = await host.stateAt(room, ['m.room.power_levels', '']);
    pair.cut();
    await host.setState(room, ['m.room.topic', ''], { topic: "Host's" });
    await guest.setState(room, ['m.room.topic', ''], { topic: "Guest's" });
    await guest.setState(room, ['m.room.name', ''], { name: "Guest's" });
    await stranger.setState(room, ['m.room.topic', ''], { topic: "Stranger's" });
    await host.ban(room, stranger);
    await host.setState(room, ['m.room.power_levels', ''], { ...levels, events: { 'm.room.name': 75 } });
    await host.say(room, 'is anybody there?');
    await guest.say(room, 'hello?');
    await pair.heal();
    await host.say(room, 'there you are');
    await guest.say(room, 'and you');
    await host.view.untilMessage(room, 'and you');
    await guest.view.untilMessage(room, 'there you are');
    await cast.agree(room);
    expect((await guest.members(room))[stranger.userId]).to.equal('ban');
    // What comes next ties the two ends together.
    await host.say(room, 'tied');
    await guest.view.untilMessage(room, 'tied');
    await cast.agree(room);
    await eventually(async () => {
      expect(textsOf(await guest.history(room))).to.have.members(textsOf(await host.history(room)));
    });
  });

  it('one mind after two changed who may do what', async () => {
    const { host, guest, pair } = cast;
    const own = { users_default: 50, events: { 'm.room.power_levels': 50 } };
    const room = await cast.sharedRoom({ power_level_content_override: own });
    const levels = await host.stateAt(room, ['m.room.power_levels', '']);
    pair.cut();
    const [byGuest, byHost] = [{ 'org.example.guest': 50 }, { 'org.example.host': 75 }];
    await guest.setState(room, ['m.room.power_levels', ''], { ...levels, events: { ...levels.events, ...byGuest } });
    await guest.setState(room, ['org.example.host', ''], { by: 'guest' });
    await host.setState(room, ['m.room.power_levels', ''], { ...levels, events: { ...levels.events, ...byHost } });
    await host.setState(room, ['org.example.host', ''], { by: 'host' });
    await guest.ask('PUT', `/profile/${encodeURIComponent(guest.userId)}/displayname`, { displayname: 'New name' });
    await pair.heal();
    await host.say(room, 'there you are');
    await guest.say(room, 'and you');
    await host.view.untilMessage(room, 'and you');
    await guest.view.untilMessage(room, 'there you are');
    await cast.agree(room);
    await host.say(room, 'tied');
    await guest.view.untilMessage(room, 'tied');
    await cast.agree(room);
  });
});
