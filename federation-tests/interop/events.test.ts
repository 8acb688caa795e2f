import { expect } from 'chai';
import { pathOf, type Person, textsOf } from '../src/people.ts';
import { inEachRoom } from './cast.ts';
import { eventually } from './pair.ts';

inEachRoom('what is said', (cast) => {
  it('messages both ways, in order', async () => {
    const { host, guest } = cast;
    const room = await cast.sharedRoom();
    for (let turn = 0; turn < 3; turn++) {
      const [asked, answered] = [`question ${turn} – ü 🙂`, `answer ${turn}`];
      await host.say(room, asked);
      expect((await guest.view.untilMessage(room, asked)).sender).to.equal(host.userId);
      await guest.say(room, answered);
      expect((await host.view.untilMessage(room, answered)).sender).to.equal(guest.userId);
    }
    expect(textsOf(await guest.history(room))).to.deep.equal(textsOf(await host.history(room)));
    await cast.agree(room);
  });

  it('all at once from both sides', async () => {
    const { host, guest } = cast;
    const room = await cast.sharedRoom();
    const texts = Array.from({ length: 20 }, (_, index) => `burst ${index}`);
    const people = [host, guest];
    await Promise.all(texts.map((text, index) => people[index % 2]!.say(room, text)));
    await host.setState(room, ['m.room.topic', ''], { topic: 'done' });
    for (const person of people) {
      await eventually(async () => expect(textsOf(await person.history(room))).to.have.members(texts));
    }
    await cast.agree(room);
  });

  it('state both ways', async () => {
    const { host, guest } = cast;
    const room = await cast.sharedRoom();
    const thing = { deep: [{ er: null }, 1, -1, 'ü', Number.MAX_SAFE_INTEGER] };
    await host.setState(room, ['m.room.topic', ''], { topic: 'Tea' });
    await guest.setState(room, ['m.room.name', ''], { name: 'Kitchen' });
    await guest.setState(room, ['org.example.thing', 'a/b c'], thing);
    await cast.agree(room);
    expect(await host.stateAt(room, ['org.example.thing', 'a/b c'])).to.deep.equal(thing);
    const levels = await host.stateAt(room, ['m.room.power_levels', '']);
    await host.setState(room, ['m.room.power_levels', ''], { ...levels, users_default: 0 });
    await cast.agree(room);
    const refused = await guest.request('PUT', `${pathOf(room)}/state/m.room.name/`, { name: 'no' });
    expect(refused.status).to.equal(403);
    await cast.agree(room);
  });

  it('redactions of one another', async () => {
    const { host, guest } = cast;
    const room = await cast.sharedRoom();
    const said = [await host.say(room, 'host said'), await guest.say(room, 'guest said')] as const;
    await host.view.untilMessage(room, 'guest said');
    await guest.view.untilMessage(room, 'host said');
    await redact(host, room, said[1]);
    await redact(guest, room, said[0]);
    for (const person of [host, guest]) {
      for (const id of said) {
        await eventually(async () => expect((await person.event(room, id)).body.content).to.deep.equal({}));
      }
    }
    await cast.agree(room);
  });

  it('edits of what one said, the last of them, also from before one came', async () => {
    const { host, guest } = cast;
    const room = await cast.publicRoom();
    const early = await host.say(room, 'teh');
    await edit(host, room, early, 'the');
    await cast.comeIn(guest, room);
    const late = await guest.say(room, 'tow');
    await host.view.untilMessage(room, 'tow');
    for (const text of ['tow!', 'two']) await edit(guest, room, late, text);
    await host.view.untilMessage(room, '* two');
    await guest.history(room);
    for (const person of [host, guest]) {
      await eventually(async () => {
        expect([await shownAs(person, room, early), await shownAs(person, room, late)]).to.deep.equal(['the', 'two']);
      });
    }
  });

  it('an edit by somebody else, which nobody follows, and one that was taken back', async () => {
    const { host, guest } = cast;
    const room = await cast.sharedRoom();
    const said = await host.say(room, 'what I said');
    await guest.view.untilMessage(room, 'what I said');
    await edit(guest, room, said, 'what I never said');
    const meant = await edit(host, room, said, 'what I meant');
    await guest.view.untilMessage(room, '* what I meant');
    await host.view.untilMessage(room, '* what I never said');
    for (const person of [host, guest]) {
      await eventually(async () => expect(await shownAs(person, room, said)).to.equal('what I meant'));
    }
    await redact(host, room, meant);
    for (const person of [host, guest]) {
      await eventually(async () => expect(await shownAs(person, room, said)).to.equal(undefined));
    }
  });

  it('history from before the join, without what was taken back', async () => {
    const { host, guest } = cast;
    const room = await cast.publicRoom();
    const texts = Array.from({ length: 25 }, (_, index) => `before ${index}`);
    for (const text of texts) await host.say(room, text);
    await redact(host, room, await host.say(room, 'never mind'));
    await cast.comeIn(guest, room);
    await cast.agree(room);
    await eventually(async () => {
      const history = await guest.history(room, 10);
      const shown = textsOf(history).reverse();
      expect(shown).to.deep.equal([...texts, undefined]);
      expect(history.at(-1).type).to.equal('m.room.create');
    });
  });

  it('no history from before the join, where it is for members only', async () => {
    const { host, guest } = cast;
    const content = { history_visibility: 'joined' };
    const room = await cast.publicRoom({
      initial_state: [{ type: 'm.room.history_visibility', state_key: '', content }],
    });
    await host.say(room, 'among us');
    await cast.comeIn(guest, room);
    await host.say(room, 'hello');
    await guest.view.untilMessage(room, 'hello');
    await eventually(async () => expect(textsOf(await guest.history(room, 3))).to.deep.equal(['hello']));
    await cast.agree(room);
  });

  it('nothing by servers that the room denies', async () => {
    const { host, guest } = cast;
    const [room, aside] = [await cast.sharedRoom(), await cast.sharedRoom()];
    // Both servers are known by their address, so this parts them.
    const acl = { allow: ['*'], deny: [], allow_ip_literals: false };
    await host.setState(room, ['m.room.server_acl', ''], acl);
    await cast.agree(room);
    await guest.say(room, 'denied');
    await guest.say(aside, 'allowed');
    await host.view.untilMessage(aside, 'allowed');
    expect(textsOf(await host.history(room))).to.deep.equal([]);
  });
});

const redact = (by: Person, room: string, id: string): Promise<unknown> =>
  by.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(id)}/${id.slice(1, 9)}`, { reason: 'oops' });

const edit = (by: Person, room: string, id: string, text: string): Promise<string> =>
  by.send(room, 'm.room.message', {
    msgtype: 'm.text',
    body: `* ${text}`,
    'm.new_content': { msgtype: 'm.text', body: text },
    'm.relates_to': { rel_type: 'm.replace', event_id: id },
  });

/** What a message has been edited to. */
const shownAs = async (person: Person, room: string, id: string): Promise<string | undefined> => {
  const { body } = await person.event(room, id);
  return body.unsigned?.['m.relations']?.['m.replace']?.content['m.new_content'].body;
};
