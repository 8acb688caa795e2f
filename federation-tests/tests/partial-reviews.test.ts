import { buildEvent, type EventDraft } from '@holm/homeserver/core/events/build';
import type { Event } from '@holm/homeserver/core/events/event';
import type { EventId } from '@holm/spec/ids';
import { expect } from 'chai';
import { expectHeard, holdUp } from '../src/held-up.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person, textsOf } from '../src/people.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

describe('what was taken in while a room was known in part, once it is known in full', () => {
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let carol: Person;
  let mallory: Person;
  let room: string;
  /** By Alice, before all of it. */
  let said: string;
  let release: () => void = () => undefined;

  beforeEach(async () => {
    network = await TestNetwork.with({
      names: ['a.test', 'b.test', 'c.test'],
      config: { rooms: { omit_members_from: 1, redacted_content_days: 0 } },
    });
    [alice, carol, bob, mallory] = await Promise.all([
      network.person('alice', 'a.test'),
      network.person('carol', 'a.test'),
      network.person('bob', 'b.test'),
      network.person('mallory', 'c.test'),
    ]);
    room = await alice.createRoom({
      preset: 'public_chat',
      name: 'Large',
      room_version: '11',
      power_level_content_override: { users: { [alice.userId]: 100, [mallory.userId]: 50 } },
    });
    await carol.join(room);
    await mallory.join(room, ['a.test']);
    said = await alice.say(room, 'precious');
    await network.settle();
    // Mallory's server does not hear of the ban, and Bob's does not know of it yet.
    network.cut('a.test', 'c.test');
    await alice.ban(room, mallory);
    await alice.say(room, 'after the ban');
    hold();
    await bob.join(room, ['a.test']);
    expect(partial().length).to.equal(1);
  });
  afterEach(async () => {
    release();
    await network[Symbol.asyncDispose]();
  });
  const rooms = (name: string) => network.server(name).running.services.rooms;
  const partial = () => rooms('b.test').engine.partial.all();
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    release = resolve;
    const { remote } = rooms('b.test');
    const state = remote.state.bind(remote);
    remote.state = async (...args) => {
      await promise;
      return state(...args);
    };
  };
  const complete = async () => {
    release();
    await network.settle();
    expect(partial()).to.eql([]);
  };
  const stored = async (name: string, id: string) =>
    [...(await rooms(name).engine.events.byIds([id as EventId])).values()][0];
  /** What Mallory's server has made of it gets to Bob's. */
  const deliver = async (id: string, from = 'c.test') => {
    const event = await stored(from, id);
    await rooms('b.test').ingest.receive(from as never, room as never, [event!.event.pdu]);
    return stored('b.test', id);
  };
  const redact = async (who: Person, target: string): Promise<string> =>
    (await who.ask('PUT', `${pathOf(room)}/redact/${encodeURIComponent(target)}/${Math.random()}`, {})).event_id;
  const body = async (id: string): Promise<any> => (await bob.event(room, id)).body;

  it('has back what somebody redacted who had been banned', async () => {
    expect(textsOf(await bob.history(room))).to.include('precious');
    const redaction = await deliver(await redact(mallory, said));
    expect(redaction?.status).to.equal('accepted');
    expect((await body(said)).content).to.eql({});
    // Nobody has a right to it meanwhile, where nothing is kept for moderators.
    const query = 'fi.mau.msc2815.include_unredacted_content=true';
    const path = `${pathOf(room)}/event/${encodeURIComponent(said)}?${query}`;
    expect((await bob.request('GET', path)).status).not.to.equal(200);
    await rooms('b.test').engine.originals.prune();
    await complete();
    const now = await body(said);
    expect(now.content).to.include({ body: 'precious' });
    expect(now.unsigned).not.to.have.property('redacted_because');
    expect(textsOf(await bob.history(room))).to.include('precious');
    expect((await bob.event(room, redaction!.event.eventId)).status).to.equal(404);
    await network.stop('b.test');
    await network.start('b.test');
    expect((await body(said)).content).to.include({ body: 'precious' });
  });

  it('stays redacted where somebody else redacted it, too', async () => {
    expect(textsOf(await bob.history(room))).to.include('precious');
    await deliver(await redact(mallory, said));
    const by = await redact(alice, said);
    await alice.say(room, 'redacted');
    await bob.view.untilMessage(room, 'redacted');
    await complete();
    const now = await body(said);
    expect(now.content).to.eql({});
    expect(now.unsigned.redacted_because.event_id).to.equal(by);
  });

  it('says about others what those said who may, and nothing else', async () => {
    await bob.history(room);
    const relates = { rel_type: 'm.thread', event_id: said };
    const reply = await mallory.send(room, 'm.room.message', {
      msgtype: 'm.text',
      body: `evil for ${bob.userId}`,
      'm.relates_to': relates,
      'm.mentions': { user_ids: [bob.userId] },
    });
    expect((await deliver(reply))?.status).to.equal('accepted');
    expect((await body(said)).unsigned['m.relations']['m.thread'].count).to.equal(1);
    const unread = async () => (await (await bob.login()).view.sync()).rooms.join[room].unread_notifications;
    expect((await unread()).highlight_count).to.equal(1);
    await complete();
    expect((await body(said)).unsigned ?? {}).not.to.have.property('m.relations');
    expect((await unread()).highlight_count).to.equal(0);
    await alice.send(room, 'm.room.message', { msgtype: 'm.text', body: 'reply', 'm.relates_to': relates });
    await bob.view.untilMessage(room, 'reply');
    expect((await body(said)).unsigned['m.relations']['m.thread'].count).to.equal(1);
  });

  it('does not stick when it has been taken back', async () => {
    const path = `${pathOf(room)}/send/m.room.message/s1?org.matrix.msc4354.sticky_duration_ms=600000`;
    const { event_id: id } = await mallory.ask('PUT', path, { msgtype: 'm.text', body: 'sticky' });
    const event = await deliver(id);
    const { sticky } = rooms('b.test').engine;
    expect(sticky.visible(event!.roomNid).map(({ nid }) => nid)).to.eql([event!.nid]);
    await complete();
    expect(sticky.visible(event!.roomNid)).to.eql([]);
    await network.stop('b.test');
    await network.start('b.test');
    expect(rooms('b.test').engine.sticky.visible(event!.roomNid)).to.eql([]);
  });

  for (const [what, part, method] of [
    ['reviewed', 'stateLogs', 'at'],
    ['judged again', 'nids', 'ensure'],
  ] as const) {
    it(`keeps nobody from what is said elsewhere while it is ${what}`, async () => {
      const elsewhere = await bob.createRoom();
      const kick = await mallory.setState(room, ['m.room.member', carol.userId], { membership: 'leave' });
      await deliver(kick);
      await deliver(await carol.say(room, 'still here'), 'a.test');
      const { reached, goOn } = holdUp(rooms('b.test').engine[part], method);
      release();
      const completed = network.settle();
      await reached;
      await expectHeard(bob, elsewhere, goOn);
      await completed;
      expect(partial()).to.eql([]);
      await bob.view.untilMessage(room, 'still here');
    });
  }

  it('has those in it whom somebody had put out who might not, with what they said', async () => {
    const kick = await mallory.setState(room, ['m.room.member', carol.userId], { membership: 'leave' });
    expect((await deliver(kick))?.status).to.equal('accepted');
    const here = await carol.say(room, 'still here');
    await alice.setState(room, ['m.room.topic', ''], { topic: 'after' });
    await deliver(here, 'a.test');
    expect((await stored('b.test', here))?.status).to.equal('soft-failed');
    await bob.view.until('the topic', ({ joined }) => joined.get(room)?.state.get('m.room.topic ')?.topic);
    await complete();
    expect((await stored('b.test', kick))?.status).to.equal('soft-failed');
    expect((await stored('b.test', here))?.status).to.equal('accepted');
    expect(await bob.state(room)).to.eql(await alice.state(room));
    expect(textsOf(await bob.history(room))).to.include('still here');
    await bob.view.untilMessage(room, 'still here');
    await carol.say(room, 'and now');
    await bob.view.untilMessage(room, 'and now');
  });

  it('has what was refused for what has turned out to be nothing', async () => {
    const [last] = (await alice.history(room, 1)) as { event_id: string }[];
    const before = await stored('a.test', last!.event_id);
    const [asMallory, asAlice] = [await mallory.state(room), await alice.state(room)];
    /** As if they had known of everything, and heeded nothing. */
    const built = (who: Person, prev: Event, draft: Pick<EventDraft, 'type' | 'content'> & { stateKey?: string }) => {
      const authority = ['m.room.create ', 'm.room.power_levels '].map((key) => asAlice[key]);
      const members = [who.userId, draft.stateKey ?? who.userId].map((user) => asMallory[`m.room.member ${user}`]);
      return buildEvent(
        {
          version: prev.version,
          roomId: prev.roomId,
          sender: who.userId as never,
          prevEvents: [prev.eventId],
          authEvents: [...new Set([...authority, ...members])] as EventId[],
          depth: prev.depth + 1,
          sentAt: prev.sentAt + 1,
          ...draft,
        },
        network.server(who.home.name).running.services.federation.signer,
      );
    };
    const kick = built(mallory, before!.event, {
      type: 'm.room.member',
      stateKey: carol.userId,
      content: { membership: 'leave' },
    });
    const message = built(carol, kick, {
      type: 'm.room.message',
      content: { msgtype: 'm.text', body: 'all the same' },
    });
    const status = async ({ eventId }: Event) => (await stored('b.test', eventId))?.status;
    await rooms('b.test').ingest.receive('c.test' as never, room as never, [kick.pdu, message.pdu]);
    expect([await status(kick), await status(message)]).to.eql(['accepted', 'rejected']);
    await complete();
    expect([await status(kick), await status(message)]).to.eql(['rejected', 'accepted']);
    await bob.view.untilMessage(room, 'all the same');
    expect(await bob.state(room)).to.eql(await alice.state(room));
  });
});
