import type { EventId } from '@holm/spec/ids';
import { expect } from 'chai';
import { defaultPushRules } from '../../core/push/default-rules.ts';
import { Background } from '../../platform/background.ts';
import { silentLog } from '../../platform/log.ts';
import type { Position } from '../../streams/stream.ts';
import { SyncFixture, userOf } from '../../testing/sync.ts';
import { AllUserRules, UnreadEvents } from './index.ts';

const [alice, bob] = [userOf('alice'), userOf('bob')];

describe('counts of what is unread, while that changes', () => {
  let fixture: SyncFixture;
  before(async () => (fixture = await SyncFixture.create()));
  after(() => fixture[Symbol.asyncDispose]());

  const rules = new AllUserRules({
    pushRules: { all: (user) => Promise.resolve(defaultPushRules(user)) },
    ignoredUsers: { of: () => Promise.resolve(new Set()) },
    threads: { subscribedBy: () => Promise.resolve(new Map()) },
    versionOf: () => 1 as Position,
  });
  const opened = (): UnreadEvents =>
    new UnreadEvents({
      ...{ db: fixture.test.db, engine: fixture.engine, rules, background: new Background(silentLog) },
      ...{ cheap: 0, few: 0 },
    });

  it('follow a redaction that comes while they are made', async () => {
    const room = await fixture.room(alice);
    await fixture.member(room, bob, 'join');
    const say = async (rel_type?: string, event_id?: EventId): Promise<EventId> => {
      const relates = event_id === undefined ? {} : { 'm.relates_to': { rel_type, event_id } };
      const content = { body: 'x', msgtype: 'm.text', ...relates };
      return (await fixture.engine.sender.send(room, { sender: alice, type: 'm.room.message', content })).event.eventId;
    };
    const root = await say();
    const answer = await say('m.thread', root);
    await say('m.reference', answer);
    await fixture.restart();
    const { events } = fixture.engine;
    const byId = events.byId.bind(events);
    let isRedacted = false;
    events.byId = async (id) => {
      const found = await byId(id);
      if (id === answer && !isRedacted) {
        isRedacted = true;
        await fixture.redact(room, alice, answer);
      }
      return found;
    };
    const counted = opened();
    const counts = async (unread: UnreadEvents) => {
      const { main, threads } = (await unread.of(bob, await fixture.engine.rooms.joined(room))).counts;
      return [main.notifications, [...threads]];
    };
    expect(await counts(counted)).to.eql([2, []]);
    expect(isRedacted).to.equal(true);
    expect(await counts(opened())).to.eql([2, []]);
  });
});
