import { DataPacket, UserPacket } from '@livekit/protocol';
import { expect } from 'chai';
import type { Participant } from '../sfu/participant.ts';
import { ManualClock } from '../../../testing/manual-clock.ts';
import { Messages } from './messages.ts';

interface Passed {
  readonly to: readonly string[];
  readonly packet: DataPacket;
}

/** Somebody in a call with so many others, and what they have passed on. */
const speaker = (others: number) => {
  const passed: Passed[] = [];
  const everybody = Array.from({ length: others }, (_, index) => ({ id: `PA_${index}`, identity: `other${index}` }));
  const room = {
    others: () => everybody,
    relay: (to: readonly { identity: string }[], _channel: string, message: Buffer) =>
      passed.push({ to: to.map(({ identity }) => identity), packet: DataPacket.fromBinary(message) }),
  };
  const from = { id: 'PA_me', identity: 'me', room } as unknown as Participant;
  return { from, passed };
};

const message = (bytes: number, more: object = {}): Buffer =>
  Buffer.from(
    new DataPacket({
      participantIdentity: 'somebody else',
      value: { case: 'user', value: new UserPacket({ payload: new Uint8Array(bytes) }) },
      ...more,
    }).toBinary(),
  );

describe('messages in a call', () => {
  const clock = new ManualClock();
  let dropped = 0;
  const open = () => new Messages(clock, () => (dropped += 1));
  beforeEach(() => (dropped = 0));

  it('say who sent them, whatever they say themselves', () => {
    const { from, passed } = speaker(2);
    open().pass(from, 'reliable', message(3));
    const [{ to, packet } = { to: [], packet: new DataPacket() }] = passed;
    expect(to).to.eql(['other0', 'other1']);
    expect([packet.participantIdentity, packet.participantSid]).to.eql(['me', 'PA_me']);
    // Where clients before 2024 look.
    expect((packet.toJson() as { user: object }).user).to.include({
      participantIdentity: 'me',
      participantSid: 'PA_me',
    });
  });

  it('go to those whom they name', () => {
    const { from, passed } = speaker(3);
    open().pass(from, 'lossy', message(3, { destinationIdentities: ['other1', 'nobody'] }));
    expect(passed.map(({ to }) => to)).to.eql([['other1']]);
  });

  it('are dropped where they are too many, and come through again later', () => {
    const { from, passed } = speaker(1);
    const messages = open();
    for (let turn = 0; turn < 800; turn++) messages.pass(from, 'reliable', message(3));
    expect([passed.length, dropped]).to.eql([500, 300]);
    clock.advance(1_000);
    for (let turn = 0; turn < 800; turn++) messages.pass(from, 'reliable', message(3));
    expect(passed.length).to.equal(600);
  });

  it('are dropped where all their copies together are too much', () => {
    const { from, passed } = speaker(149);
    const messages = open();
    for (let turn = 0; turn < 10; turn++) messages.pass(from, 'reliable', message(60_000));
    expect([passed.length, dropped]).to.eql([1, 9]);
    const few = speaker(1);
    const others = open();
    for (let turn = 0; turn < 100; turn++) others.pass(few.from, 'reliable', message(60_000));
    expect(few.passed.length).to.equal(100);
  });

  it('are dropped where they are garbled', () => {
    const { from, passed } = speaker(1);
    open().pass(from, 'reliable', Buffer.from([255, 255, 255, 255]));
    expect([passed.length, dropped]).to.eql([0, 1]);
  });
});
