import { expect } from 'chai';
import {
  compileEventFilter,
  compileRoomEventFilter,
  type Filterable,
  type RoomEventFilterDefinition,
} from './event-filter.ts';

const message: Filterable = {
  type: 'm.room.message',
  sender: '@alice:a.test',
  roomId: '!room',
  content: { body: 'hello' },
};

describe('an event filter', () => {
  const cases: [filter: RoomEventFilterDefinition, event: Partial<Filterable>, passes: boolean][] = [
    [{}, {}, true],
    [{ types: ['m.room.message'] }, {}, true],
    [{ types: ['m.room.topic'] }, {}, false],
    [{ types: [] }, {}, false],
    [{ types: ['*'] }, {}, true],
    [{ types: ['m.room.*'] }, {}, true],
    [{ types: ['m.*.message'] }, {}, true],
    [{ types: ['*message'] }, {}, true],
    [{ types: ['*room*'] }, {}, true],
    [{ types: ['*m.*'] }, {}, true],
    [{ types: ['x*message'] }, {}, false],
    [{ types: ['m.*x'] }, {}, false],
    [{ types: ['m.room'] }, {}, false],
    [{ types: ['m.room.message*'] }, {}, true],
    [{ types: ['m.room.messages*'] }, {}, false],
    [{ types: ['m.room.m*message'] }, {}, false],
    [{ types: ['m.*.*.message'] }, {}, false],
    [{ types: ['mXroom.message', 'm.room?message'] }, {}, false],
    [{ types: ['a*b*c'] }, { type: 'a.b.b.c' }, true],
    [{ types: ['a*b*c'] }, { type: 'a.c.b' }, false],
    [{ types: ['ab*ba'] }, { type: 'aba' }, false],
    [{ types: ['a**b'] }, { type: 'ab' }, true],
    [{ not_types: ['m.room.message'] }, {}, false],
    [{ not_types: ['m.room.topic'] }, {}, true],
    [{ not_types: [] }, {}, true],
    [{ not_types: ['*'] }, {}, false],
    [{ types: ['m.room.message'], not_types: ['m.room.*'] }, {}, false],

    [{ senders: ['@alice:a.test'] }, {}, true],
    [{ senders: ['@bob:b.test'] }, {}, false],
    [{ senders: [] }, {}, false],
    [{ senders: ['*'] }, {}, false],
    [{ not_senders: ['@alice:a.test'] }, {}, false],
    [{ not_senders: ['@bob:b.test'] }, {}, true],
    [{ senders: ['@alice:a.test'], not_senders: ['@alice:a.test'] }, {}, false],
    [{ senders: ['@alice:a.test'] }, { sender: undefined }, false],
    [{ not_senders: ['@alice:a.test'] }, { sender: undefined }, true],

    [{ rooms: ['!room'] }, {}, true],
    [{ rooms: ['!other'] }, {}, false],
    [{ rooms: [] }, {}, false],
    [{ not_rooms: ['!room'] }, {}, false],
    [{ not_rooms: ['!other'] }, {}, true],
    [{ rooms: ['!room'], not_rooms: ['!room'] }, {}, false],

    [{ contains_url: true }, {}, false],
    [{ contains_url: true }, { content: { url: 'mxc://a.test/b' } }, true],
    [{ contains_url: false }, {}, true],
    [{ contains_url: false }, { content: { url: 'mxc://a.test/b' } }, false],
    [{ contains_url: false }, { content: { file: { url: 'mxc://a.test/b' } } }, true],

    [{ types: ['m.room.message'], senders: ['@bob:b.test'] }, {}, false],
    [{ lazy_load_members: true, limit: 0, unread_thread_notifications: true }, {}, true],
  ];
  for (const [filter, changed, passes] of cases) {
    const what = Object.keys(changed).length > 0 ? JSON.stringify(changed) : 'a message';
    it(`${JSON.stringify(filter)} ${passes ? 'lets' : 'does not let'} ${what} through`, () => {
      expect(compileRoomEventFilter(filter).event({ ...message, ...changed })).to.equal(passes);
    });
  }

  it('without room fields ignores the room', () => {
    expect(compileEventFilter({ types: ['m.presence'] }).event({ type: 'm.presence', content: {} })).to.equal(true);
  });

  it('knows when nothing can pass', () => {
    for (const empty of [{ types: [] }, { senders: [] }, { rooms: [] }]) {
      expect(compileRoomEventFilter(empty).isEmpty).to.equal(true);
    }
    expect(compileRoomEventFilter({ not_types: [], not_rooms: [] }).isEmpty).to.equal(false);
  });

  it('limits between nothing and the maximum', () => {
    const limits = [undefined, 5, 0, -1, 1000].map((limit) =>
      compileEventFilter(limit === undefined ? {} : { limit }).limit({ fallback: 10, maximum: 100 }),
    );
    expect(limits).to.eql([10, 5, 0, 0, 100]);
  });

  it('includes redundant members only where members are loaded lazily', () => {
    const flags = (definition: RoomEventFilterDefinition) => {
      const { lazyLoadMembers, includeRedundantMembers } = compileRoomEventFilter(definition);
      return [lazyLoadMembers, includeRedundantMembers];
    };
    expect(flags({})).to.eql([false, false]);
    expect(flags({ include_redundant_members: true })).to.eql([false, false]);
    expect(flags({ lazy_load_members: true })).to.eql([true, false]);
    expect(flags({ lazy_load_members: true, include_redundant_members: true })).to.eql([true, true]);
  });

  it('takes no longer for patterns made to be slow', () => {
    const pattern = `${'a*'.repeat(2000)}b`;
    expect(compileEventFilter({ types: [pattern] }).event({ type: 'a'.repeat(10_000), content: {} })).to.equal(false);
  });
});
