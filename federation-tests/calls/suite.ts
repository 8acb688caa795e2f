import { expect } from 'chai';
import { CallHouse, eventually } from '../src/call-house.ts';
import { Caller, CallStage, type ClientPackage, type JoinOptions, type Source } from '../src/caller.ts';
import { needChromiumAndCalls } from '../src/needs.ts';

/** So many more frames, and it flows. */
const ENOUGH_FRAMES = 15;

/** Resolves once something that is counted has grown by so much. It starts from 0 where the track is another one. */
const grows = async (count: () => Promise<number>, by: number, what: string): Promise<void> => {
  let least = await count();
  const hasGrown = async (): Promise<boolean> => {
    const now = await count();
    least = Math.min(least, now);
    return now > least + by;
  };
  await eventually(hasGrown, what, 25_000);
};

/** Resolves once one has decoded more of somebody's video. */
export const watches = (one: Caller, other: Caller, source: Source = 'camera'): Promise<void> =>
  grows(
    async () => (await one.seen(other, source))?.frames ?? 0,
    ENOUGH_FRAMES,
    `${one.identity} sees ${other.identity}`,
  );

export const hears = (one: Caller, other: Caller, source: Source = 'microphone'): Promise<void> =>
  grows(async () => (await one.seen(other, source))?.energy ?? 0, 0, `${one.identity} hears ${other.identity}`);

/** What calls of one version of livekit-client must be able to do. `isShort` leaves out what takes long. */
export const describeCalls = (client: ClientPackage, { isShort }: { isShort: boolean }): void => {
  describe(`calls with ${client}`, function () {
    this.timeout(90_000);
    const stack = new AsyncDisposableStack();
    let house: CallHouse;
    let stage: CallStage;
    let alice: Caller;
    let bob: Caller;
    let people = 0;

    const caller = async (name: string): Promise<Caller> =>
      stage.caller(house, await house.guest(`${name}${people++}`));
    /** Two who are in a call of their own, the first of them with camera and microphone. */
    const pair = async (options: JoinOptions): Promise<readonly [Caller, Caller]> => {
      const both = await Promise.all([caller('one'), caller('two')]);
      await both[0].join(options);
      await both[0].publish();
      await both[1].join(options);
      return both;
    };
    const close = (...callers: Caller[]) => Promise.all(callers.map(({ page }) => page.close()));

    before(async function () {
      const chromium = needChromiumAndCalls(this);
      const unexpected = () => house.server.errors.filter((line) => !line.includes('a media worker died'));
      stack.defer(() => void expect(unexpected()).to.deep.equal([]));
      house = stack.use(await CallHouse.open());
      stage = stack.use(await CallStage.open(chromium, client));
      [alice, bob] = await Promise.all([caller('alice'), caller('bob')]);
    });
    after(() => stack.disposeAsync());

    it('begins, and carries video in three layers, and sound', async () => {
      await alice.join();
      await alice.publish();
      await bob.join();
      await Promise.all([watches(bob, alice), hears(bob, alice)]);
      expect(await alice.layers()).to.have.length(3);
      await eventually(async () => (await bob.seen(alice, 'microphone'))!.isSpeaking, 'Bob is told who speaks');
    });

    it('carries what is published later, both ways', async () => {
      await bob.publish();
      await Promise.all([watches(alice, bob), hears(alice, bob)]);
    });

    it('lets people join later', async () => {
      const carol = await caller('carol');
      await carol.join();
      await Promise.all([watches(carol, alice), watches(carol, bob)]);
      await carol.hangUp();
      await eventually(
        () => alice.run<boolean>(`return !room.remoteParticipants.has(${JSON.stringify(carol.identity)})`),
        'Carol has left',
      );
      await close(carol);
    });

    it('is silent while somebody is muted', async () => {
      await alice.run('await room.localParticipant.setMicrophoneEnabled(false);');
      await eventually(async () => (await bob.seen(alice, 'microphone'))!.isMuted, 'Bob knows that Alice is muted');
      await alice.run('await room.localParticipant.setMicrophoneEnabled(true);');
      await eventually(async () => !(await bob.seen(alice, 'microphone'))!.isMuted, 'Bob knows that she is not');
      await hears(bob, alice);
    });

    it('sends the layer that is wanted, and lets the others rest', async () => {
      const wish = (quality: number) => bob.run(`call.quality(${JSON.stringify(alice.identity)}, ${quality});`);
      const width = async () => (await bob.seen(alice, 'camera'))?.width ?? 0;
      await wish(0);
      await eventually(async () => (await width()) <= 320, 'Bob gets the smallest layer');
      await eventually(
        async () => (await alice.layers()).filter(({ isActive }) => isActive).length === 1,
        'Alice sends one layer only',
      );
      await wish(2);
      await eventually(async () => (await width()) >= 640, 'Bob gets a larger layer again');
    });

    it('takes back what is not sent any more', async () => {
      await alice.run('await call.hideCamera();');
      await eventually(async () => (await bob.seen(alice, 'camera')) === undefined, 'the camera is gone');
      await alice.run('await call.showCamera();');
      await watches(bob, alice);
    });

    it('shows a screen, with its sound', async () => {
      await bob.run('await call.showScreen();');
      await Promise.all([watches(alice, bob, 'screen_share'), hears(alice, bob, 'screen_share_audio')]);
    });

    it('carries messages, to all and to some', async () => {
      await alice.run("await call.say('to all', true); await call.say('in haste', false);");
      await alice.run(`await call.say('to Bob', true, [${JSON.stringify(bob.identity)}]);`);
      await alice.run("await call.say('to nobody', true, ['@nobody:calls.test:X']);");
      await alice.run("await call.say('at last', true);");
      const heard = () => bob.run<{ text: string; from: string; topic: string }[]>('return call.heard;');
      await eventually(async () => (await heard()).some(({ text }) => text === 'at last'), 'messages arrive');
      const texts = (await heard()).map(({ text }) => text);
      expect(texts).to.include.members(['to all', 'to Bob', 'at last']).and.not.to.include('to nobody');
      expect((await heard()).every(({ from, topic }) => from === alice.identity && topic === 'test')).to.equal(true);
    });

    it('goes on when the signalling breaks off', async () => {
      await alice.run("void room.simulateScenario('signal-reconnect');");
      await eventually(
        () =>
          alice.run<boolean>(
            "return call.events.some(([name]) => name === 'reconnected' || name === 'signalReconnecting')",
          ),
        'Alice notices',
      );
      await eventually(async () => (await alice.state()) === 'connected', 'Alice is back');
      await Promise.all([watches(bob, alice), watches(alice, bob)]);
      expect(await house.connections('resumed')).to.equal(1);
    });

    it('begins anew where it has to', async () => {
      await alice.run("void room.simulateScenario('full-reconnect');");
      await eventually(
        () => alice.run<boolean>("return call.events.some(([name]) => name === 'reconnecting')"),
        'it begins',
      );
      await eventually(async () => (await alice.state()) === 'connected', 'Alice is back');
      await Promise.all([watches(bob, alice), watches(alice, bob)]);
    });

    it('is back soon after its worker was killed', async () => {
      const [...pids] = house.calls.workerPids;
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      const killedAt = performance.now();
      await eventually(() => house.calls.workerPids.some((pid) => !pids.includes(pid)), 'there is a new worker');
      await eventually(async () => (await alice.state()) !== 'connected', 'Alice notices');
      await Promise.all([alice, bob].map((one) => eventually(async () => (await one.state()) === 'connected', 'back')));
      await Promise.all([watches(bob, alice), watches(alice, bob)]);
      expect(performance.now() - killedAt).to.be.below(10_000);
    });

    it('sends the one away who comes in twice, and the one who is kicked', async () => {
      const again = await stage.caller(house, alice.person);
      await again.join();
      await eventually(async () => (await alice.state()) === 'disconnected', 'the first Alice is out');
      await house.host.kick(house.room, alice.person);
      await eventually(async () => (await again.state()) === 'disconnected', 'the second one too', 1_000);
      const refused = await again.join().then(
        () => 'in',
        (error: unknown) => String(error),
      );
      expect(refused).to.contain('not in the room');
      await close(again, alice, bob);
    });

    it('carries encrypted frames that only those see who have the key', async () => {
      const options = { call: 'secret', key: 'the right key' };
      const [one, two] = await pair(options);
      const eve = await caller('eve');
      await eve.join({ ...options, key: 'the wrong key' });
      await Promise.all([watches(two, one), hears(two, one)]);
      expect((await two.seen(one, 'camera'))!.isEncrypted).to.equal(true);
      await eventually(async () => ((await eve.seen(one, 'camera'))?.bytes ?? 0) > 10_000, 'Eve gets the frames');
      expect((await eve.seen(one, 'camera'))!.frames ?? 0).to.be.below(5);
      await close(one, two, eve);
    });

    if (isShort) return;

    it('goes by TCP where nothing else gets through', async () => {
      const [one, two] = await pair({ call: 'tcp', tcp: true });
      await Promise.all([watches(two, one), hears(two, one)]);
      for (const each of [one, two]) {
        const protocols = await each.run<string[]>('return call.protocols();');
        expect(protocols).to.include('tcp').and.not.to.include('udp');
      }
      await close(one, two);
    });

    for (const codec of ['vp9', 'h264'] as const) {
      it(`speaks ${codec}, encrypted or not`, async () => {
        for (const key of [undefined, 'the key']) {
          const [one, two] = await pair({ call: `${codec} ${key ?? ''}`, codec, ...(key && { key }) });
          await watches(two, one);
          expect((await two.seen(one, 'camera'))!.mimeType!.toLowerCase()).to.equal(`video/${codec}`);
          await close(one, two);
        }
      });
    }
  });
};
