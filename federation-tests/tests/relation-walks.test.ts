import { expect } from 'chai';
import { Dice } from '../src/dice.ts';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { pathOf, type Person } from '../src/people.ts';
import { type Bundle, type Reading, RelationModel, type Said } from '../src/relation-model.ts';
import { seeds } from '../src/seeds.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const WALKS = 2;
const STEPS = 40;
const FEW = 5;
const KINDS = ['m.thread', 'm.thread', 'm.replace', 'm.replace', 'm.reference', 'm.annotation'] as const;
const FILTERS = [[], ['m.thread'], ['m.annotation'], ['m.replace', 'm.room.message'], ['m.replace', 'org.example']];

/** What a server bundles with an event, in the model's words. */
const told = (event: any): Bundle => {
  const {
    'm.replace': replacement,
    'm.thread': thread,
    'm.reference': references,
  } = event.unsigned['m.relations'] ?? {};
  return {
    ...(replacement && { replacement: replacement.event_id }),
    ...(thread && {
      thread: {
        latest: thread.latest_event.event_id,
        nested: told(thread.latest_event),
        count: thread.count,
        participated: thread.current_user_participated,
      },
    }),
    ...(references && { references: references.chunk.map(({ event_id: id }: any) => id) }),
  };
};

describe('what is said about events in a random room', () => {
  let network: TestNetwork;
  before(async () => (network = await TestNetwork.start('a.test', 'b.test')));
  after(() => network[Symbol.asyncDispose]());

  class Walk {
    readonly model = new RelationModel();
    readonly dice: Dice;
    readonly people: readonly Person[];
    readonly room: string;

    constructor(dice: Dice, people: readonly Person[], room: string) {
      this.dice = dice;
      this.people = people;
      this.room = room;
    }

    static async begin(seed: string): Promise<Walk> {
      const homes = ['a.test', 'a.test', 'b.test'];
      const people = await Promise.all(homes.map((home) => network.person('walker', home)));
      const room = await people[0]!.createRoom();
      for (const person of people.slice(1)) await person.join(room, ['a.test']);
      await network.settle();
      return new Walk(new Dice(seed), people, room);
    }

    async step(n: number): Promise<void> {
      network.clock.advance(this.dice.below(3));
      const { said } = this.model;
      // Much is said about a few, so that one thing bears on another.
      const target = said.length < FEW ? undefined : this.dice.of(this.#oneIn(3) ? said : said.slice(0, FEW));
      const kind = this.dice.below(20);
      if (!target || kind < 2) await this.#send(this.dice.of(this.people), n, undefined);
      else if (kind === 2) await this.#redact(target, n);
      else await this.#relate(target, n);
      await network.settle();
    }

    async #redact(target: Said, n: number): Promise<void> {
      const path = `${pathOf(this.room)}/redact/${encodeURIComponent(target.id)}/redact${n}`;
      await this.#person(target.sender).ask('PUT', path, {});
      target.isRedacted = true;
    }

    async #relate(target: Said, n: number): Promise<void> {
      const type = this.dice.of(KINDS);
      const isOwn = type === 'm.replace' && this.dice.below(4) > 0;
      const who = isOwn ? this.#person(target.sender) : this.dice.of(this.people);
      await this.#send(who, n, { type, target: target.id });
    }

    async #send(who: Person, n: number, relation: Said['relation']): Promise<void> {
      const type = this.#typeFor(relation);
      const hasNewContent = relation?.type === 'm.replace' && !this.#oneIn(3);
      const { target: event_id, type: rel_type } = relation ?? {};
      const content = {
        body: `step ${n}`,
        ...(hasNewContent && { 'm.new_content': { body: `edit ${n}` } }),
        ...(relation && { 'm.relates_to': { rel_type, event_id, key: this.dice.of(['a', 'b']) } }),
      };
      const { status, body } = await who.request('PUT', `${pathOf(this.room)}/send/${type}/step${n}`, content);
      expect(status, JSON.stringify(body)).to.equal(this.#isRefused(who, { type, relation, content }) ? 400 : 200);
      if (status !== 200) return;
      const { origin_server_ts: sentAt } = (await who.event(this.room, body.event_id)).body;
      this.model.said.push({
        id: body.event_id,
        sender: who.userId,
        type,
        relation,
        hasNewContent,
        sentAt,
        isRedacted: false,
      });
      this.#keys.set(body.event_id, content['m.relates_to']?.key);
    }

    readonly #keys = new Map<string, string | undefined>();

    /** What begins a thread on what relates to something itself, and what somebody has said already. */
    #isRefused(
      who: Person,
      { type, relation, content }: { type: string; relation: Said['relation']; content: any },
    ): boolean {
      if (!relation) return false;
      const target = this.model.said.find(({ id }) => id === relation.target);
      if (relation.type === 'm.thread') return target !== undefined && this.model.relationOf(target) !== undefined;
      if (relation.type !== 'm.annotation') return false;
      const { key } = content['m.relates_to'];
      const isSame = (child: Said) =>
        child.sender === who.userId && child.type === type && child.relation?.type === relation.type;
      return this.model.children(relation.target, isSame).some(({ id }) => this.#keys.get(id) === key);
    }

    /** Edits are mostly of the type of what they are about. */
    #typeFor(relation: Said['relation']): string {
      if (relation?.type === 'm.annotation') return 'm.reaction';
      const target = this.model.said.find(({ id }) => id === relation?.target);
      if (relation?.type === 'm.replace' && target && !this.#oneIn(5)) return target.type;
      return this.#oneIn(5) ? 'org.example' : 'm.room.message';
    }

    #oneIn(count: number): boolean {
      return this.dice.below(count) === 0;
    }

    #person(userId: string): Person {
      return this.people.find((person) => person.userId === userId)!;
    }

    async check(who: Person, ignored: readonly string[]): Promise<void> {
      const path = `/user/${encodeURIComponent(who.userId)}/account_data/m.ignored_user_list`;
      await who.ask('PUT', path, { ignored_users: Object.fromEntries(ignored.map((userId) => [userId, {}])) });
      const reading = { userId: who.userId, ignored: new Set(ignored) };
      await this.#checkBundles(who, reading);
      await this.#checkThreads(who, reading);
      for (const { id } of this.model.said) await this.#checkRelations(who, reading, id);
    }

    async #checkBundles(who: Person, reading: Reading): Promise<void> {
      const history = new Map((await who.history(this.room, 13)).map((event) => [event.event_id, event] as const));
      for (const event of this.model.said) {
        const { status, body } = await who.event(this.room, event.id);
        const isHeard = !reading.ignored.has(event.sender);
        expect([status, history.has(event.id)]).to.eql(isHeard ? [200, true] : [404, false]);
        if (!isHeard) continue;
        const expected = this.model.bundle(event, reading);
        expect(told(body), `alone: ${event.id}`).to.eql(expected);
        expect(told(history.get(event.id)), `in a page: ${event.id}`).to.eql(expected);
      }
    }

    async #checkThreads(who: Person, reading: Reading): Promise<void> {
      for (const include of ['all', 'participated'] as const) {
        for (const limit of [1, 3, 50]) {
          const roots = await this.#pages(who, `/threads?include=${include}`, limit);
          expect(roots.map(({ event_id: id }) => id)).to.eql(this.model.threads(reading, include));
        }
      }
    }

    async #checkRelations(who: Person, { ignored }: Reading, target: string): Promise<void> {
      const filter = this.dice.of(FILTERS);
      const [relType, eventType] = filter;
      const isWanted = (child: Said) =>
        (relType ?? child.relation?.type) === child.relation?.type && (eventType ?? child.type) === child.type;
      for (const recurse of [false, true]) {
        const found = recurse ? this.model.descendants(target, isWanted) : this.model.children(target, isWanted);
        const ids = found.filter(({ sender }) => !ignored.has(sender)).map(({ id }) => id);
        const dir = this.dice.of(['b', 'f']);
        const path = ['/relations', encodeURIComponent(target), ...filter].join('/');
        const events = await this.#pages(who, `${path}?dir=${dir}&recurse=${recurse}`, this.dice.of([1, 2, 30]));
        const expected = dir === 'f' ? ids : ids.toReversed();
        expect(
          events.map(({ event_id: id }) => id),
          `${path} ${dir} ${recurse}`,
        ).to.eql(expected);
      }
    }

    async #pages(who: Person, path: string, limit: number): Promise<any[]> {
      const events: any[] = [];
      for (let from = ''; ;) {
        const url = `${who.home.url}/_matrix/client/v1${pathOf(this.room)}${path}&limit=${limit}${from}`;
        const { status, body } = await call('GET', url, { token: who.token });
        expect(status, JSON.stringify(body)).to.equal(200);
        events.push(...body.chunk);
        if (body.next_batch === undefined) return events;
        from = `&from=${encodeURIComponent(body.next_batch)}`;
      }
    }
  }

  for (const n of seeds(WALKS)) {
    it(`is what the specification says of it, whoever reads and whomever they ignore (${n})`, async function () {
      this.timeout(60_000);
      const walk = await Walk.begin(`relations ${n}`);
      for (let step = 0; step < STEPS; step++) await walk.step(step);
      for (const who of walk.people) {
        const other = walk.dice.of(walk.people.filter((person) => person !== who));
        await walk.check(who, []);
        await walk.check(who, [other.userId]);
      }
    });
  }
});
