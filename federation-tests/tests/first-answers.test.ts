/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */
import { expect } from 'chai';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';

/** What those who come at the same time ask for is looked up for all of them together: each must get what is theirs. */
describe('first answers to many', () => {
  let network: TestNetwork;
  let people: readonly Person[];
  before(async () => {
    network = await TestNetwork.start('a.test');
    people = await Promise.all(['anna', 'bert', 'cleo', 'dora', 'emil'].map((name) => network.person(name, 'a.test')));
  });
  after(() => network[Symbol.asyncDispose]());

  const restart = async (): Promise<void> => {
    await network.stop('a.test');
    await network.start('a.test');
  };

  /** Everything of an answer but where it ends, which a restart moves. */
  const first = async (person: Person, limit: number): Promise<any> => {
    const filter = encodeURIComponent(JSON.stringify({ room: { timeline: { limit } } }));
    const { next_batch: _, ...answer } = await person.ask('GET', `/sync?timeout=0&filter=${filter}`);
    // State is in no order.
    for (const { state } of Object.values<any>(answer.rooms.join)) {
      state.events.sort((one: any, other: any) => (one.event_id < other.event_id ? -1 : 1));
    }
    return answer;
  };

  /** With timelines that are cut, of which is told what is said about their events, and with such as take several pages. */
  const LIMITS = [8, 60];

  const relate = (person: Person, room: string, type: string, target: string) =>
    person.send(room, 'm.room.message', {
      msgtype: 'm.text',
      body: `${type} by ${person.name}`,
      'm.relates_to': { rel_type: type, event_id: target },
      'm.new_content': { msgtype: 'm.text', body: 'better' },
    });

  /** Each of them has other things in their rooms and their account. */
  const live = async (): Promise<void> => {
    const [anna] = people as [Person];
    const [shared, busy] = [await anna.createRoom(), await anna.createRoom()];
    for (const person of people.slice(1)) for (const room of [shared, busy]) await person.join(room);
    for (let i = 0; i < 70; i++) await anna.say(busy, `number ${i}`);
    for (const [i, person] of people.entries()) {
      const own = await person.createRoom({ name: `of ${person.name}` });
      const said = await person.say(own, 'to myself');
      const others = await person.say(shared, `to all ${person.userId}`);
      for (let n = 0; n <= i; n++) await relate(person, own, 'm.thread', said);
      await relate(person, own, 'm.replace', said);
      await relate(anna, shared, i % 2 === 0 ? 'm.reference' : 'm.thread', others);
      const read = `/rooms/${encodeURIComponent(shared)}/receipt`;
      await person.ask(
        'POST',
        `${read}/${i % 2 === 0 ? 'm.read' : 'm.read.private'}/${encodeURIComponent(others)}`,
        {},
      );
      const mine = `/user/${encodeURIComponent(person.userId)}`;
      for (let n = 0; n <= i; n++)
        await person.ask('PUT', `${mine}/account_data/org.test.${n}`, { n, of: person.name });
      await person.ask('PUT', `${mine}/rooms/${encodeURIComponent(own)}/account_data/org.test.room`, {
        of: person.name,
      });
      const ignored = { [(people[(i + 1) % people.length] as Person).userId]: {} };
      if (i > 1) await person.ask('PUT', `${mine}/account_data/m.ignored_user_list`, { ignored_users: ignored });
      if (i === 2) await person.ask('PUT', `/pushrules/global/room/${encodeURIComponent(busy)}`, { actions: [] });
      const messages = Object.fromEntries(
        people.slice(i).map(({ userId }) => [userId, { '*': { from: person.name } }]),
      );
      await anna.ask('PUT', `/sendToDevice/org.test/${i}`, { messages });
      const keys = Array.from({ length: i }, (_, n) => [`org.test:${person.name}${n}`, 'key']);
      await person.ask('POST', '/keys/upload', { one_time_keys: Object.fromEntries(keys) });
    }
    await network.settle();
  };

  it('are to each what they would be alone', async () => {
    await live();
    const asked = LIMITS.flatMap((limit) => people.map((person) => ({ person, limit })));
    const alone: any[] = [];
    for (const { person, limit } of asked) {
      await restart();
      alone.push(await first(person, limit));
    }
    await restart();
    expect(await Promise.all(asked.map(({ person, limit }) => first(person, limit)))).to.deep.equal(alone);
    // They have something to mix up.
    for (const part of ['account_data', 'to_device', 'device_one_time_keys_count', 'rooms']) {
      const texts = alone.slice(0, people.length).map((answer) => JSON.stringify(answer[part]));
      expect(new Set(texts).size, part).to.equal(people.length);
    }
    const all = JSON.stringify(alone);
    for (const kind of ['m.thread', 'm.replace', 'm.reference', 'm.read', 'm.read.private'])
      expect(all).to.contain(`"${kind}":`);
  });
});
