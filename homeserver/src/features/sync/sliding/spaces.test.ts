import type { EventId, RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { SyncFixture, userOf } from '../../../testing/sync.ts';
import type { Roster } from './roster.ts';
import { Spaces } from './spaces.service.ts';

const alice = userOf('alice');

describe('the rooms of spaces', () => {
  let fixture: SyncFixture;
  let spaces: Spaces;
  let space: RoomId;
  before(async () => (fixture = await SyncFixture.create()));
  after(() => fixture[Symbol.asyncDispose]());
  beforeEach(async () => {
    spaces = new Spaces(fixture.engine);
    space = await fixture.room(alice, [], { type: 'm.space' });
  });

  const add = async (child: string): Promise<EventId> => {
    const draft = { sender: alice, type: 'm.space.child', stateKey: child, content: { via: ['a.test'] } };
    return (await fixture.engine.sender.send(space, draft)).event.eventId;
  };
  const children = async (): Promise<readonly string[] | undefined> => {
    const { nid } = await fixture.engine.rooms.joined(space);
    const roster = { find: () => ({ card: { nid }, member: { membership: 'join' } }) } as unknown as Roster;
    return (await spaces.childrenOf(roster, [space]))[0];
  };

  it('are the same object until the space says something else', async () => {
    await add('!one:a.test');
    const found = await children();
    expect(found).to.eql(['!one:a.test']);
    await fixture.say(space, alice, 'hello');
    expect(await children()).to.equal(found);
    await add('!two:a.test');
    expect(await children()).to.have.members(['!one:a.test', '!two:a.test']);
  });

  it('are not those any more that were redacted', async () => {
    const child = await add('!one:a.test');
    expect(await children()).to.eql(['!one:a.test']);
    await fixture.redact(space, alice, child);
    const left = await children();
    expect(left).to.eql([]);
    expect(await children()).to.equal(left);
  });
});
