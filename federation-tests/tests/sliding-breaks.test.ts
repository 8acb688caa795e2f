import { Agent } from 'node:http';
import { expect } from 'chai';
import { BrittleRequest } from '../src/brittle-request.ts';
import { Dice } from '../src/dice.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { seeds } from '../src/seeds.ts';
import { asked, happen, SlidingClient } from '../src/sliding-client.ts';
import { Slider, withExtensions } from '../src/sliding.ts';

const WALKS = 8;
const STEPS = 50;
const ROOMS = 4;
const POLL_MS = 30_000;
const LONG = 'x'.repeat(30_000);

/** A client whose connections break. */
class BrittleClient {
  client = new SlidingClient();
  readonly log: string[] = [];
  readonly slider: Slider;
  readonly #network: TestNetwork;
  readonly #dice: Dice;
  readonly #rooms: readonly string[];
  readonly #agent = new Agent({ keepAlive: true });
  /** Its position may have been lost: whichever request comes last to the server begins the connection. */
  #isNew = true;

  constructor(slider: Slider, more: { network: TestNetwork; dice: Dice; rooms: readonly string[] }) {
    this.slider = slider;
    this.#network = more.network;
    this.#dice = more.dice;
    this.#rooms = more.rooms;
  }

  /** Of two answers that wait to be named, the newer one alone is written down. */
  restarted(): void {
    this.log.push('restart');
    this.#isNew = true;
  }

  /** What has happened. */
  get story(): string {
    return this.log.join('\n');
  }

  /** Asks for everything until nothing more breaks; twice, because a request of before may still come in between. */
  async finish(): Promise<void> {
    for (let heard = 0; heard < 2;) {
      const request = this.#request(asked(ROOMS, 50, undefined, this.client.since), 0);
      await request.send();
      if (await this.#hear(request)) heard++;
    }
    this.#agent.destroy();
  }

  /** Asks once, or twice at once, and hears the answer or not. */
  async ask(meanwhile: () => Promise<void>): Promise<void> {
    const dice = this.#dice;
    const first = dice.below(5) === 0 ? this.#request() : undefined;
    await first?.send();
    const request = this.#request();
    const isReset = dice.below(2) === 0;
    const kind = dice.of(['half', 'sent', 'waiting', 'begun', 'unheard', 'heard', 'heard', 'heard', 'heard']);
    this.log.push(`${kind}${isReset ? ', reset' : ''}${first ? ', doubled' : ''} from ${this.slider.pos}`);
    await request.send(kind !== 'half');
    if (kind === 'waiting' || dice.below(2) === 0) await meanwhile();
    if (kind === 'begun') await request.begun(this.#pass);
    if (kind === 'unheard') await request.answer(this.#pass);
    if (kind === 'heard') await this.#hear(request);
    else request.break(isReset);
    if (first && dice.below(2) === 0) await first.answer(this.#pass);
    first?.break(isReset);
  }

  /** Nothing that happens need be news to the client: its time is over then. */
  readonly #pass = (): void => this.#network.clock.advance(POLL_MS);

  #request(wish = this.#wish(), timeout = this.#dice.of([0, POLL_MS])): BrittleRequest {
    const { slider } = this;
    return new BrittleRequest({ ...slider.wire(wish, timeout), token: slider.person.token }, this.#agent);
  }

  #wish(): object {
    const dice = this.#dice;
    const room = dice.of([undefined, ...this.#rooms]);
    const { lists, extensions, ...more } = asked(dice.below(ROOMS), dice.of([1, 3, 20]), room, this.client.since);
    const some = Object.entries(extensions).filter(() => dice.below(5) > 0);
    return { ...more, extensions: Object.fromEntries(some), lists: dice.below(8) === 0 ? {} : lists };
  }

  /** Whether anything has come; the server may have been stopped, and its connections with it. */
  async #hear(request: BrittleRequest): Promise<boolean> {
    const answer = await request.answer(this.#pass);
    if (answer?.body.errcode === 'M_UNKNOWN_POS') this.#startAfresh();
    if (!answer || answer.body.errcode === 'M_UNKNOWN_POS') return false;
    expect(answer.status, JSON.stringify(answer.body)).to.equal(200);
    const body = withExtensions(this.slider.read(answer.body));
    this.log.push(`  heard ${body.pos}`);
    this.client.hear(body);
    this.#isNew = this.slider.pos === undefined;
    this.slider.pos = body.pos;
    return true;
  }

  /** Messages to the device are the only thing that is not told again. */
  #startAfresh(): void {
    const { messages, since } = this.client;
    expect(this.#isNew, this.story).to.equal(true);
    this.slider.pos = undefined;
    this.#isNew = true;
    this.client = new SlidingClient();
    this.client.messages.push(...messages);
    this.client.since = since;
  }
}

describe('answers of sliding sync over connections that break', () => {
  let network: TestNetwork;
  before(async () => (network = await TestNetwork.start('a.test')));
  after(() => network[Symbol.asyncDispose]());

  const walk = async (seed: string, dialect: 'unstable' | 'v4', people: { alice: Person; bob: Person }) => {
    const dice = new Dice(seed);
    const { alice, bob } = people;
    const rooms = await Promise.all(Array.from({ length: ROOMS }, () => alice.createRoom()));
    for (const room of rooms) await bob.join(room);
    const scene = { network, alice, bob, isIn: new Set(rooms) };
    const slider = new Slider(bob, 'walk', dialect);
    const brittle = new BrittleClient(slider, { network, dice, rooms });
    const sent: string[] = [];
    const send = async (): Promise<void> => {
      sent.push(`message ${sent.length}`);
      const messages = { [bob.userId]: { [bob.deviceId]: { body: sent.at(-1) } } };
      await alice.ask('PUT', `/sendToDevice/org.example.x/${seed.replaceAll(' ', '-')}-${sent.length}`, { messages });
    };
    const change = async (): Promise<void> => {
      const kind = dice.below(10);
      if (kind === 0) await send();
      else if (kind === 1) await alice.say(dice.of(rooms), LONG);
      else if (kind === 2) await bob.ask('PUT', `/user/${bob.userId}/account_data/x`, { n: dice.below(1e6) });
      else await happen(dice, dice.of(rooms), scene);
    };
    for (let n = 0; n < STEPS; n++) {
      if (dice.below(2) === 0) await change();
      else await brittle.ask(change);
      if (dice.below(30) === 0) {
        await network.stop('a.test');
        await network.start('a.test');
        brittle.restarted();
      }
    }
    // Whoever has left has stopped typing, a moment later.
    await network.settle();
    await brittle.finish();
    const fresh = new SlidingClient();
    fresh.hear(await new Slider(bob, 'fresh', dialect).sync(asked(ROOMS, 50, undefined)));
    brittle.client.assertLike(fresh, brittle.story);
    expect(brittle.client.messages, brittle.story).to.eql(sent);
  };

  for (const n of seeds(WALKS)) {
    const dialect = n % 2 === 0 ? 'unstable' : 'v4';
    it(`are what a fresh one says, wherever that happens (${n}, ${dialect})`, async function () {
      this.timeout(60_000);
      const [alice, bob] = await Promise.all([network.person('alice', 'a.test'), network.person('bob', 'a.test')]);
      await walk(`break ${n}`, dialect, { alice, bob });
    });
  }
});
