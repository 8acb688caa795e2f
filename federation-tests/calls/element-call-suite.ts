import { expect } from 'chai';
import { eventually } from '../src/call-house.ts';
import { CallTown, membersOf } from '../src/call-town.ts';
import { type ElementCaller, ElementCallStage, type RtcMode } from '../src/element-call.ts';
import { needChromiumAndCalls } from '../src/needs.ts';
import type { Person } from '../src/people.ts';

const PATIENCE_MS = 60_000;
/** So many more frames, and it flows. */
const ENOUGH_FRAMES = 10;

/** Resolves once more of one of the tracks has arrived. */
const grows = async (amounts: () => Promise<ReadonlyMap<string, number>>, by: number, what: string): Promise<void> => {
  const first = new Map<string, number>();
  const hasGrown = async (): Promise<boolean> => {
    for (const [track, amount] of await amounts()) {
      if (!first.has(track)) first.set(track, amount);
      if (amount > first.get(track)! + by) return true;
    }
    return false;
  };
  await eventually(hasGrown, what, PATIENCE_MS);
};

const sees = (one: ElementCaller, other: Person, stream: 'camera' | 'screen' = 'camera'): Promise<void> =>
  grows(
    () => one.incoming(other, stream, 'video'),
    ENOUGH_FRAMES,
    `${one.person.userId} sees the ${stream} of ${other.userId}`,
  );

const hears = (one: ElementCaller, other: Person): Promise<void> =>
  grows(() => one.incoming(other, 'camera', 'audio'), 0, `${one.person.userId} hears ${other.userId}`);

/** Everybody sees and hears everybody else. */
export const meet = async (...callers: readonly ElementCaller[]): Promise<void> => {
  const pairs = callers.flatMap((one) =>
    callers.filter((other) => other !== one).map(({ person }) => [one, person] as const),
  );
  await Promise.all(pairs.flatMap(([one, person]) => [sees(one, person), hears(one, person)]));
};

const usersOf = (people: readonly Person[]): string[] => people.map(({ userId }) => userId).sort();

/** Resolves once these are in the call by the events of the room, in the way of this mode and in no other. */
const areMembers = (
  mode: RtcMode,
  room: string,
  [observer, ...people]: readonly [Person, ...Person[]],
): Promise<void> =>
  eventually(
    async () => {
      const { byState, bySticky } = await membersOf(room, observer);
      const [used, unused] = mode === 'compatibility' ? [byState, bySticky] : [bySticky, byState];
      return unused.length === 0 && JSON.stringify(used) === JSON.stringify(usersOf(people));
    },
    `${people.length} are in the call by what its room says`,
    PATIENCE_MS,
  );

interface Scene extends AsyncDisposable {
  readonly town: CallTown;
  readonly host: Person;
  readonly room: string;
  /** Somebody new who is in the room and in its call. */
  readonly enter: (name: string, server?: string) => Promise<ElementCaller>;
}

const openScene = async (chromium: string, mode: RtcMode, servers: readonly string[]): Promise<Scene> => {
  const stack = new AsyncDisposableStack();
  const town = stack.use(await CallTown.open(...servers));
  const stage = stack.use(await ElementCallStage.open(chromium, town));
  const host = await town.person('host');
  const room = await town.createRoom(host);
  const enter = async (name: string, server = servers[0]): Promise<ElementCaller> => {
    const person = await town.person(name, server);
    await person.join(room, [host.home.name]);
    return stage.enter(person, room, mode);
  };
  const dispose = async () => {
    await stack.disposeAsync();
    expect(town.errors).to.deep.equal([]);
  };
  return { town, host, room, enter, [Symbol.asyncDispose]: dispose };
};

/** Unchanged Element Call, with real servers. `isShort`: two people who see and hear each other, encrypted, and no more. */
export const describeElementCall = (mode: RtcMode, { isShort }: { isShort: boolean }): void => {
  describe(`Element Call, ${mode}`, function () {
    this.timeout(180_000);
    const stack = new AsyncDisposableStack();
    let scene: Scene;
    let alice: ElementCaller;
    let bob: ElementCaller;

    before(async function () {
      scene = stack.use(await openScene(needChromiumAndCalls(this), mode, ['a.test']));
    });
    after(() => stack.disposeAsync());

    it('lets two see and hear each other, encrypted', async () => {
      [alice, bob] = [await scene.enter('alice'), await scene.enter('bob')];
      await meet(alice, bob);
      await areMembers(mode, scene.room, [scene.host, alice.person, bob.person]);
      const tracks = scene.town.sessions().flatMap(({ participant }) => [...participant.tracks.values()]);
      expect(tracks.map(({ description }) => description.encryption)).to.deep.equal(['gcm', 'gcm', 'gcm', 'gcm']);
    });

    if (isShort) return;
    let carol: ElementCaller;
    let dave: ElementCaller;

    it('lets four see and hear each other', async () => {
      [carol, dave] = [await scene.enter('carol'), await scene.enter('dave')];
      await meet(alice, bob, carol, dave);
      await areMembers(mode, scene.room, [scene.host, ...[alice, bob, carol, dave].map(({ person }) => person)]);
    });

    it('shows a screen to everybody', async () => {
      await bob.press('screenshare');
      await Promise.all([alice, carol, dave].map((one) => sees(one, bob.person, 'screen')));
      await Promise.all([alice, carol, dave].map((one) => sees(one, bob.person)));
      await bob.press('screenshare');
      const isGone = async () => (await alice.incoming(bob.person, 'screen', 'video')).size === 0;
      await eventually(isGone, 'the screen is gone', PATIENCE_MS);
    });

    it('ends for one who hangs up', async () => {
      await dave.press('leave');
      await eventually(() => !scene.town.isConnected(dave.person), 'Dave is gone', PATIENCE_MS);
      await areMembers(mode, scene.room, [scene.host, ...[alice, bob, carol].map(({ person }) => person)]);
      await dave.closeTab();
      await meet(alice, bob, carol);
    });

    it('ends for one whose tab is closed, and the room knows soon', async () => {
      await carol.closeTab();
      // Her leave is not due for an hour: it is delegated to the server, which sees that she is gone.
      await areMembers(mode, scene.room, [scene.host, alice.person, bob.person]);
      await eventually(() => !scene.town.isConnected(carol.person), 'Carol is gone', PATIENCE_MS);
      await meet(alice, bob);
    });

    it('ends at once for one who is kicked while they talk', async () => {
      await scene.host.kick(scene.room, bob.person);
      await eventually(() => !scene.town.isConnected(bob.person), 'Bob is out', 1_000);
      const isAlone = async () => !(await alice.names()).some((name) => name.includes(bob.person.name));
      await eventually(isAlone, 'Alice does not see Bob any more', PATIENCE_MS);
      expect(scene.town.isConnected(alice.person)).to.equal(true);
    });
  });
};

/** People of two servers in one call: each sends to the SFU of their own server, and is sent from both. */
export const describeFederatedElementCall = (mode: RtcMode): void => {
  describe(`Element Call on two servers, ${mode}`, function () {
    this.timeout(180_000);
    const stack = new AsyncDisposableStack();
    let scene: Scene;
    let alice: ElementCaller;
    let bob: ElementCaller;

    before(async function () {
      scene = stack.use(await openScene(needChromiumAndCalls(this), mode, ['a.test', 'b.test']));
    });
    after(() => stack.disposeAsync());

    it('lets them see and hear each other', async () => {
      [alice, bob] = [await scene.enter('alice', 'a.test'), await scene.enter('bob', 'b.test')];
      await meet(alice, bob);
      for (const observer of [scene.host, bob.person]) {
        const { byState, bySticky } = await membersOf(scene.room, observer);
        expect(mode === 'compatibility' ? byState : bySticky).to.deep.equal(usersOf([alice.person, bob.person]));
      }
    });

    it('has everybody send to their own server', () => {
      const sending = (server: string) =>
        scene.town
          .sessions(server)
          .filter(({ participant }) => participant.tracks.size > 0)
          .map(({ grant }) => grant.member.userId as string);
      expect([sending('a.test'), sending('b.test')]).to.deep.equal([[alice.person.userId], [bob.person.userId]]);
      expect(scene.town.sessions()).to.have.length(4);
    });

    it('ends on both for one who is kicked while they talk', async () => {
      await scene.host.kick(scene.room, bob.person);
      await eventually(() => !scene.town.isConnected(bob.person), 'Bob is out', PATIENCE_MS);
      expect(scene.town.isConnected(alice.person)).to.equal(true);
    });
  });
};
