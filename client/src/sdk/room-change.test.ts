import { expect } from 'chai';
import { roomChange } from './room-change.ts';

describe('what a state event changed', () => {
  const cases: readonly [string, string, object, object, object | undefined][] = [
    ['a new room', 'm.room.create', {}, {}, { what: 'created' }],
    ['its first name', 'm.room.name', { name: 'Tea' }, {}, { what: 'name', value: 'Tea' }],
    ['a name that is no text', 'm.room.name', { name: 7 }, {}, { what: 'name', value: '' }],
    ['rules set when it was made', 'm.room.join_rules', { join_rule: 'public' }, {}, undefined],
    [
      'rules changed',
      'm.room.join_rules',
      { join_rule: 'knock' },
      { join_rule: 'public' },
      { what: 'access', value: 'other' },
    ],
    ['powers changed', 'm.room.power_levels', {}, { users: {} }, { what: 'power' }],
    ['something of somebody else', 'org.example.widget', { a: 1 }, { a: 2 }, undefined],
  ];
  for (const [name, type, content, before, change] of cases)
    it(name, () => expect(roomChange(type, content as never, before as never)).to.deep.equal(change));
});
