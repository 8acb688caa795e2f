import type { EventId } from '@holm/spec/ids';
import { expect } from 'chai';
import type { StoredEvent } from '../model.ts';
import type { Room } from '../room.ts';
import { Silence } from './silence.ts';

describe('events about which nobody has said anything', () => {
  const [one, other] = ['$one', '$other'] as EventId[] as [EventId, EventId];
  const about = (target: EventId) => [
    { child: {} as StoredEvent, relation: { type: 'm.thread', target, key: undefined } },
  ];
  const room = {} as unknown as Room;

  it('are forgotten as soon as somebody does, and no others', () => {
    const silence = new Silence();
    for (const id of [one, other]) silence.of(room).add(id);
    silence.broken(room, []);
    expect([...silence.of(room)]).to.eql([one, other]);
    silence.broken(room, about(one));
    expect([...silence.of(room)]).to.eql([other]);
    silence.forget(room);
    expect([...silence.of(room)]).to.eql([]);
  });

  it('are not found by a look-up that has begun before', () => {
    const silence = new Silence();
    silence.of(room).add(other);
    const begun = silence.of(room);
    silence.broken(room, about(one));
    begun.add(one);
    expect(silence.of(room).has(one)).to.equal(false);
  });
});
