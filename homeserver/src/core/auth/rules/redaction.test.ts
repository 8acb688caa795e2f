import { expect } from 'chai';
import { testRoom } from '../../../testing/events.ts';
import { roomVersions } from '../../rooms/room-version.ts';
import { authorise } from '../authorise.ts';
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

const redaction = (redacts: string | undefined) => ({
  type: 'm.room.redaction',
  sender: bob,
  eventId: '$redaction:b.test',
  ...(redacts === undefined ? {} : { redacts }),
});

describe('the rules for redactions', () => {
  const cases: [redacts: string | undefined, redactLevel: number, inOldVersions: boolean][] = [
    ['$event:a.test', 10, true],
    ['$event:a.test', 11, false],
    ['$event:b.test', 11, true],
    ['$event:b.test:8448', 11, false],
    ['$event', 11, false],
    [undefined, 11, false],
    [undefined, 10, true],
  ];
  for (const [redacts, redact, inOldVersions] of cases) {
    it(`at ${redact}, of ${redacts}: ${inOldVersions ? 'every version' : 'from 3 on'}`, () => {
      for (const { id } of roomVersions) {
        const room = roomWith(id, { redact });
        const { allowed } = authorise(room.event(redaction(redacts)), room.state);
        expect(allowed, `version ${id}`).to.equal(inOldVersions || Number(id) >= 3);
      }
    });
  }

  it('need the level of the event type like any other event', () => {
    const room = roomWith('11', { redact: 0, events_default: 11 });
    expect(authorise(room.event(redaction('$event:b.test')), room.state)).to.eql({
      allowed: false,
      reason: "the sender's power level is below that of m.room.redaction",
    });
  });
});

describe('mayRedact', () => {
  const takesEffect = (version: string, author: string, redact: number) => {
    const room = roomWith(version, { redact });
    const target = room.event({ type: 'm.room.message', sender: author });
    return mayRedact(room.event(redaction(target.eventId)), target, room.state);
  };

  it('takes the redact level, or an author of the same server', () => {
    for (const version of ['3', '10', '11', '12']) {
      expect(takesEffect(version, alice, 10)).to.equal(true);
      expect(takesEffect(version, alice, 11)).to.equal(false);
      expect(takesEffect(version, bob, 11)).to.equal(true);
      expect(takesEffect(version, '@carol:b.test', 11)).to.equal(true);
    }
  });

  it('takes the redact level or an event id of the same server in versions 1 and 2', () => {
    const room = roomWith('2', { redact: 11 });
    const target = { sender: room.create.sender, roomId: room.create.roomId };
    expect(mayRedact(room.event(redaction('$own:b.test')), target, room.state)).to.equal(true);
    expect(mayRedact(room.event(redaction('$other:a.test')), target, room.state)).to.equal(false);
  });

  it('never reaches into another room', () => {
    const room = roomWith('11', { redact: 0 });
    const target = testRoom('12').create;
    expect(mayRedact(room.event(redaction(target.eventId)), target, room.state)).to.equal(false);
  });
});
