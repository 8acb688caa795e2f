import { MatrixError } from '@holm/spec/errors';
import type { RoomId, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import fc from 'fast-check';
import { createTestRooms, deviceOf, type TestRooms, user } from '../../testing/room-features.ts';
import type { StoredEvent } from '../model.ts';

const alice = user('alice');
const bob = user('bob');
const carol = user('carol');
const readers = [alice, bob, carol];

type Step =
  | { readonly act: 'join' | 'leave' | 'invite' | 'ban' | 'unban'; readonly who: UserId }
  | { readonly act: 'say'; readonly who: UserId }
  | { readonly act: 'show'; readonly to: string };

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ act: fc.constant('say' as const), who: fc.constant(alice) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        act: fc.constantFrom('join' as const, 'leave' as const, 'invite' as const, 'ban' as const, 'unban' as const),
        who: fc.constantFrom(bob, carol),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        act: fc.constant('show' as const),
        to: fc.constantFrom('world_readable', 'shared', 'invited', 'joined', 'nonsense'),
      }),
    },
  ),
  { minLength: 4, maxLength: 25 },
);

/** The specification's five rules, word by word, over a room whose events follow each other in one line. */
const maySee = (events: readonly StoredEvent[], index: number, reader: UserId): boolean => {
  const state = new Map<string, JsonObject>();
  for (const { event } of events.slice(0, index)) {
    if (event.stateKey !== undefined) state.set(`${event.type} ${event.stateKey}`, event.content);
  }
  const { event } = events[index]!;
  const visibilityIn = (content: JsonObject | undefined) => {
    const value = content?.['history_visibility'];
    return ['world_readable', 'shared', 'invited', 'joined'].includes(value as string) ? value : 'shared';
  };
  const visibility = [visibilityIn(state.get('m.room.history_visibility '))];
  if (event.type === 'm.room.history_visibility') visibility.push(visibilityIn(event.content));
  const membership = [state.get(`m.room.member ${reader}`)?.['membership']];
  if (event.type === 'm.room.member' && event.stateKey === reader) membership.push(event.content['membership']);
  const joinsLater = events
    .slice(index + 1)
    .some(({ event: later }) => later.stateKey === reader && later.content['membership'] === 'join');
  // Whoever is in the room after the event has joined it at some point after it, or never left.
  const isIn = state.get(`m.room.member ${reader}`)?.['membership'] === 'join';
  return visibility.some(
    (shown) =>
      shown === 'world_readable' ||
      membership.includes('join') ||
      (shown === 'shared' && (joinsLater || isIn)) ||
      (shown === 'invited' && membership.includes('invite')),
  );
};

describe('who may see what, whatever happens in a room', () => {
  let test: TestRooms;
  before(async () => (test = await createTestRooms()));
  after(() => test[Symbol.asyncDispose]());

  let count = 0;
  const run = async (roomId: RoomId, step: Step): Promise<unknown> => {
    const target = 'who' in step ? step.who : alice;
    switch (step.act) {
      case 'say':
        return test.sending.message(deviceOf(alice), { roomId, type: 'm.x', content: {}, txnId: `v${++count}` });
      case 'show': {
        const content = { history_visibility: step.to };
        return test.sending.state(alice, { roomId, type: 'm.room.history_visibility', stateKey: '', content });
      }
      case 'join':
        return test.entering.join(target, { roomId, via: [] });
      case 'leave':
        return test.membership.leave(target, roomId);
      case 'invite':
      case 'ban':
      case 'unban':
        return test.membership[step.act]({ roomId, sender: alice, target });
    }
  };

  it('is what the specification says, before and after a restart', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (wanted) => {
        const roomId = await test.room(alice, { preset: 'public_chat' });
        for (const step of wanted) {
          await run(roomId, step).catch((error: unknown) => {
            if (!(error instanceof MatrixError) || error.status >= 500) throw error;
          });
        }
        const { engine } = await test.again();
        for (const { visible, rooms, timeline } of [test.engine, engine]) {
          const room = await rooms.joined(roomId);
          const events = await timeline.page(room, { from: 0, direction: 'forward', limit: 1000 });
          for (const reader of readers) {
            const seen = new Set((await visible.toUser(reader, room, events)).map(({ nid }) => nid));
            const shown = events.map(({ nid }) => seen.has(nid));
            expect(shown, reader).to.eql(events.map((_, index) => maySee(events, index, reader)));
          }
        }
      }),
      { numRuns: 40 },
    );
  }).timeout(60_000);
});
