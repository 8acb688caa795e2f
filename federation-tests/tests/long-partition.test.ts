import { expect } from 'chai';
import { Dice } from '../src/dice.ts';
import { Refused } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { expectAgreement, expectSameUnread } from '../src/weather/agreement.ts';
import { Day } from '../src/weather/day.ts';
import { Sky } from '../src/weather/sky.ts';

const SERVERS = ['a.test', 'b.test', 'c.test'] as const;
const TWO_HOURS_MS = 7_200_000;
/** What people do at a time; together some 200 things in the day. */
const AT_ONCE = 16;

/**
 * Three servers that do not reach each other for a day, on all of which life goes on.
 *
 * The longer they are parted, the more they have to tell each other; but what it takes is bounded by how many rooms and
 * servers there are, and by how many events fit into an answer, not by how many times they tried.
 */
describe('three servers that lost each other for a day', () => {
  let network: TestNetwork;
  let sky: Sky;
  before(async () => {
    network = await TestNetwork.start(...SERVERS);
    sky = await Sky.over(network, SERVERS);
  });
  after(async () => {
    await sky[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
  });

  for (const version of ['10', '12']) {
    it(`are of one mind again, after few words, in rooms of version ${version}`, async function () {
      this.timeout(90_000);
      const dice = new Dice(`parted ${version}`);
      const day = new Day({ network, servers: SERVERS, dice, version });
      await day.begin();
      const court = await Court.open(network, day.residents, version);
      sky.part();
      for (let hour = 0; hour < 24; hour += 2) {
        for (let i = 0; i < AT_ONCE; i++) await day.act();
        await court.act(hour);
        await sky.pass(TWO_HOURS_MS);
        await sky.tidy();
      }
      await sky.clear();
      expectFewWords(sky.passed(), day.events.size + court.size);
      await expectAgreement(day);
      await expectSameUnread(day);
      await court.expectJustice();
    });
  }
});

const PAIRS = SERVERS.length * (SERVERS.length - 1);
const ROOMS = 2;
/** What is asked for at a time of what is missing. */
const MISSING_AT_ONCE = 20;

/** Since they reach each other again. */
const expectFewWords = (asked: Readonly<Record<string, number>>, events: number): void => {
  const { 'PUT send': sent = 0, 'GET server': keys = 0, 'POST get_missing_events': missing = 0, ...others } = asked;
  const said = JSON.stringify(asked);
  // The newest of each room, then what the others' news made new; a day is longer than keys are believed.
  expect(sent, said).to.be.within(PAIRS, 3 * PAIRS);
  expect(keys, said).to.be.at.most(PAIRS);
  const perServer = Math.ceil(events / SERVERS.length / ROOMS / MISSING_AT_ONCE);
  expect(missing, said).to.be.within(PAIRS, PAIRS * ROOMS * (perServer + 1));
  expect(others, said).to.eql({});
};

/** A room in which people take away each other's rights, so that not everything that was said can stand. */
class Court {
  readonly #judges: readonly Person[];
  readonly #accused: readonly Person[];
  readonly #room: string;
  /** Of those whom nobody threw out. */
  readonly #stands = new Set<string>();
  /** How many events there have been since. */
  size = 0;

  private constructor(judges: readonly Person[], accused: readonly Person[], room: string) {
    this.#judges = judges;
    this.#accused = accused;
    this.#room = room;
  }

  static async open(network: TestNetwork, judges: readonly Person[], version: string): Promise<Court> {
    const [founder, ...others] = judges as [Person, ...Person[]];
    const levels = Object.fromEntries(others.map(({ userId }, index) => [userId, 90 - index]));
    const users = version === '12' ? levels : { ...levels, [founder.userId]: 100 };
    const room = await founder.createRoom({
      preset: 'public_chat',
      room_version: version,
      power_level_content_override: { users, users_default: 10, state_default: 10 },
    });
    const accused = await Promise.all(judges.map(({ home }) => network.person('accused', home.name)));
    for (const person of [...others, ...accused]) await person.join(room, [founder.home.name]);
    await network.settle();
    return new Court(judges, accused, room);
  }

  /** Each judge throws out somebody of another server, who goes on as if nothing had happened; the first demotes the last. */
  async act(hour: number): Promise<void> {
    const room = this.#room;
    for (const [index, judge] of this.#judges.entries()) {
      const accused = this.#accused[(index + 1) % this.#accused.length]!;
      this.size += 3;
      if (hour === 4) await judge.ban(room, accused);
      await accused.setState(room, ['org.example.claim', `${index}`], { hour, by: accused.userId });
      await accused.say(room, `not me, at ${hour}`);
      this.#stands.add(await judge.say(room, `order, at ${hour}`));
    }
    if (hour === 10) await this.#demote(this.#judges[0]!, this.#judges.at(-1)!);
  }

  async #demote(judge: Person, other: Person): Promise<void> {
    const levels = await judge.stateAt(this.#room, ['m.room.power_levels', '']);
    const users = { ...levels.users, [other.userId]: 0 };
    await judge.setState(this.#room, ['m.room.power_levels', ''], { ...levels, users });
  }

  /** All have the same state, what the judges said is everywhere, and the banned are out. */
  async expectJustice(): Promise<void> {
    const [first, ...others] = this.#judges as [Person, ...Person[]];
    const state = await first.state(this.#room);
    for (const judge of others) expect(await judge.state(this.#room), judge.userId).to.eql(state);
    for (const judge of this.#judges) {
      const seen = (await judge.history(this.#room, 100)).map(({ event_id: id }) => id as string);
      expect(seen).to.include.members([...this.#stands]);
    }
    const members = await first.members(this.#room);
    // Who was demoted by somebody mightier had no right to ban, though that was before: power is resolved first.
    expect(this.#accused.map(({ userId }) => members[userId])).to.eql(['join', 'ban', 'ban']);
    for (const person of this.#accused) {
      const said = await person.say(this.#room, 'may I?').catch((error: unknown) => error);
      expect(said instanceof Refused, person.userId).to.equal(members[person.userId] === 'ban');
    }
  }
}
