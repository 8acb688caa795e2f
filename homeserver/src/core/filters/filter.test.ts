import type { Static } from '@sinclair/typebox';
import type { syncFilterSchema } from '@holm/spec/client-server/filters';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { compileEventFields, parsePath } from './event-fields.ts';
import { compileFilter } from './filter.ts';

describe('compileFilter', () => {
  it('filters nothing where nothing is asked', () => {
    const filter = compileFilter();
    const event = { type: 'm.any', sender: '@alice:a.test', roomId: '!room', content: {} };
    const { room } = filter;
    const parts = [filter.presence, filter.accountData, room.ephemeral, room.state, room.timeline, room.accountData];
    for (const part of parts) expect(part.event(event)).to.equal(true);
    expect(room.room('!room')).to.equal(true);
    expect([room.includeLeave, room.timeline.lazyLoadMembers, room.timeline.unreadThreadNotifications]).to.eql([
      false,
      false,
      false,
    ]);
    expect(filter.eventFormat).to.equal('client');
  });

  it('gives each part its own filter', () => {
    // The type is that of the contract: whatever the door lets in can be compiled.
    const definition: Static<typeof syncFilterSchema> = {
      event_format: 'federation',
      presence: { types: [] },
      account_data: { types: ['a'] },
      room: {
        include_leave: true,
        ephemeral: { types: ['e'] },
        state: { types: ['s'], lazy_load_members: true },
        timeline: { types: ['t'], unread_thread_notifications: true },
        account_data: { types: ['ra'] },
      },
    };
    const filter = compileFilter(definition);
    const { room } = filter;
    const passing = Object.entries({
      presence: filter.presence,
      accountData: filter.accountData,
      ephemeral: room.ephemeral,
      state: room.state,
      timeline: room.timeline,
      roomAccountData: room.accountData,
    }).map(([name, part]) => [name, ['a', 'e', 's', 't', 'ra'].filter((type) => part.event({ type, content: {} }))]);
    expect(Object.fromEntries(passing)).to.eql({
      presence: [],
      accountData: ['a'],
      ephemeral: ['e'],
      state: ['s'],
      timeline: ['t'],
      roomAccountData: ['ra'],
    });
    expect([room.includeLeave, room.state.lazyLoadMembers, room.timeline.unreadThreadNotifications]).to.eql([
      true,
      true,
      true,
    ]);
    expect(filter.eventFormat).to.equal('federation');
  });

  it('takes the rooms of the whole before those of a part', () => {
    const { room } = compileFilter({ room: { rooms: ['!a', '!b'], not_rooms: ['!b'] } });
    expect(['!a', '!b', '!c'].map(room.room)).to.eql([true, false, false]);
  });
});

describe('parsePath', () => {
  const cases: [path: string, names: string[]][] = [
    ['type', ['type']],
    ['content.body', ['content', 'body']],
    [String.raw`content.m\.relates_to.rel_type`, ['content', 'm.relates_to', 'rel_type']],
    [String.raw`a\\.b`, ['a\\', 'b']],
    [String.raw`a\x`, ['a\\x']],
    ['a\\', ['a\\']],
    ['', ['']],
    ['a..b', ['a', '', 'b']],
  ];
  for (const [path, names] of cases) it(`takes ${path} apart`, () => expect(parsePath(path)).to.eql(names));
});

describe('compileEventFields', () => {
  const event = { type: 'm.a', sender: '@a:b', content: { body: 'x', 'm.relates_to': { rel_type: 'm.b', key: 'c' } } };
  const cases: [fields: string[] | undefined, kept: JsonObject][] = [
    [undefined, event],
    [[], event],
    [['type'], { type: 'm.a' }],
    [['content.body', 'sender'], { sender: '@a:b', content: { body: 'x' } }],
    [['content.body', 'content'], { content: event.content }],
    [['content', 'content.body'], { content: event.content }],
    [[String.raw`content.m\.relates_to.key`], { content: { 'm.relates_to': { key: 'c' } } }],
    [['content.absent', 'absent', 'type.below', 'toString'], {}],
  ];
  for (const [fields, kept] of cases) {
    it(`keeps ${fields === undefined ? 'everything' : JSON.stringify(fields)}`, () =>
      expect(compileEventFields(fields)(event)).to.eql(kept));
  }

  it('treats __proto__ as any other name', () => {
    const kept = compileEventFields(['__proto__.polluted'])(JSON.parse('{"__proto__":{"polluted":1}}') as JsonObject);
    expect(JSON.stringify(kept)).to.equal('{"__proto__":{"polluted":1}}');
  });
});
