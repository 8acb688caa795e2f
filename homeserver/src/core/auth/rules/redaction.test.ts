import { expect } from 'chai';
import { testRoom } from '../../../testing/events.ts';
import { roomVersions } from '../../rooms/room-version.ts';
import { mayRedact } from './redaction.ts';

const alice = '@alice:a.test';
const bob = '@bob:b.test';

const roomWith = (version: string, levels: Record<string, number> = {}) => {
  const room = testRoom(version);
  room.member(alice, 'join');
  room.put({ type: 'm.room.power_levels', sender: alice, stateKey: '', content: { users: { [bob]: 10 }, ...levels } });
  room.member(bob, 'join', alice);
  return room;
};

const redaction = (redacts: string) => ({
  type: 'm.room.redaction',
  sender: bob,
  eventId: '$redaction:b.test',
  redacts,
});

// Whether a redaction is allowed at all, which versions 1 and 2 alone have rules for: auth-rules.test.ts.
describe('mayRedact', () => {
  const takesEffect = (version: string, author: string, redact: number) => {
    const room = roomWith(version, { redact });
    const eventId = `$target:${author.slice(author.indexOf(':') + 1)}`;
    const target = room.event({ type: 'm.room.message', sender: author, eventId });
    return mayRedact(room.event(redaction(target.eventId)), target, room.state);
  };

  const cases: [author: string, redact: number, allowed: boolean][] = [
    [alice, 10, true],
    [alice, 11, false],
    [bob, 11, true],
    ['@carol:b.test', 11, true],
    ['@carol:b.test:8448', 11, false],
  ];
  for (const [author, redact, allowed] of cases) {
    it(`${allowed ? 'takes' : 'leaves'} what ${author} sent when it needs ${redact}, in every version`, () => {
      for (const { id } of roomVersions) expect(takesEffect(id, author, redact), id).to.equal(allowed);
    });
  }

  it('asks whose the event id is in versions 1 and 2, and who the sender was in others', () => {
    for (const { id } of roomVersions) {
      const room = roomWith(id, { redact: 11 });
      const target = room.event({ type: 'm.room.message', sender: alice, eventId: '$target:b.test' });
      expect(mayRedact(room.event(redaction('$target:b.test')), target, room.state), id).to.equal(Number(id) <= 2);
    }
  });

  it('never reaches into another room', () => {
    for (const { id } of roomVersions) {
      const room = roomWith(id, { redact: 0 });
      const target = { ...room.create, roomId: testRoom(id === '12' ? '11' : '12').create.roomId };
      expect(mayRedact(room.event(redaction(target.eventId)), target, room.state), id).to.equal(false);
    }
  });
});
