import { RoomId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import type { Committed } from '../commit.ts';
import { EMPTY_STATE, type SnapshotId, type StoredEvent } from '../model.ts';
import { BanLists, type BanListsDeps } from './ban-lists.ts';

const first = RoomId.parse('!first:a.test');
const second = RoomId.parse('!second:a.test');
const mallory = UserId.parse('@mallory:b.test');

const ruleAbout = (user: UserId, more: object = {}): StoredEvent => {
  const content = { entity: user, recommendation: 'm.ban' };
  return { event: { type: 'm.policy.rule.user', stateKey: user, content }, ...more } as unknown as StoredEvent;
};

describe('ban lists', () => {
  /** The rules that are in the state of each room. */
  let rules: Map<RoomId, StoredEvent[]>;
  let snapshots: Map<RoomId, SnapshotId>;
  /** Is waited for before an answer is handed on. */
  let meanwhile: (roomId: RoomId) => Promise<void>;
  let lists: BanLists;
  beforeEach(() => {
    rules = new Map();
    snapshots = new Map();
    meanwhile = async () => undefined;
    const roomOf = (snapshot: SnapshotId) => [...snapshots].find(([, current]) => current === snapshot)?.[0];
    const changes = async (_: SnapshotId, after: SnapshotId) => {
      const roomId = after === EMPTY_STATE ? undefined : roomOf(after);
      if (roomId === undefined) return [];
      const found = rules.get(roomId) ?? [];
      await meanwhile(roomId);
      return found;
    };
    const byId = async (roomId: RoomId) => ({ head: { snapshot: snapshots.get(roomId) } });
    lists = new BanLists([first, second], { rooms: { byId }, states: { changes } } as unknown as BanListsDeps);
    set(first, 1, [ruleAbout(mallory)]);
    set(second, 2, []);
  });
  const set = (roomId: RoomId, snapshot: SnapshotId, events: StoredEvent[]): void => {
    rules.set(roomId, events);
    snapshots.set(roomId, snapshot);
  };
  const redactSomething = (): void => {
    const timeline = [{ event: { type: 'm.room.redaction' } }];
    lists.committed({ room: { roomId: first }, timeline } as unknown as Committed);
  };
  const redact = (): void => {
    rules.set(first, [ruleAbout(mallory, { redactedBy: 7 })]);
    redactSomething();
  };
  const isBanned = async (): Promise<boolean> => (await lists.current()).about('user', mallory) !== undefined;
  const once = (happens: () => void): void => {
    meanwhile = async () => {
      meanwhile = async () => undefined;
      happens();
    };
  };
  const failFor = (failing: RoomId): void => {
    meanwhile = async (roomId) => {
      if (roomId === failing) throw new Error('the database is away');
    };
  };
  const outcome = () => isBanned().catch((error: unknown) => String(error));

  for (const failing of [first, second]) {
    it(`are read again where it was the ${failing === first ? 'first' : 'second'} that could not be read`, async () => {
      failFor(failing);
      expect(await outcome()).to.equal('Error: the database is away');
      meanwhile = async () => undefined;
      expect(await isBanned()).to.equal(true);
    });
  }

  it('do not have a rule that is redacted while it is read', async () => {
    once(redact);
    await isBanned();
    expect(await isBanned()).to.equal(false);
  });

  it('have their rules until it is known that they are gone', async () => {
    expect(await isBanned()).to.equal(true);
    set(second, 3, [ruleAbout(UserId.parse('@eve:b.test'))]);
    once(redactSomething);
    expect(await isBanned()).to.equal(true);
    redact();
    expect(await isBanned()).to.equal(false);
  });
});
