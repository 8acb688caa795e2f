import { Dice } from './dice.ts';
import { Refused } from './http.ts';
import type { TestNetwork } from './network.ts';
import type { Person } from './people.ts';

const SERVERS = ['a.test', 'b.test', 'c.test'] as const;
type Pair = readonly [string, string];
const PAIRS: readonly Pair[] = [['a.test', 'b.test'], ['a.test', 'c.test'], ['b.test', 'c.test']]; // prettier-ignore

export interface WalkOptions {
  readonly network: TestNetwork;
  readonly version: string;
  readonly seed: number;
  readonly steps: number;
}

/**
 * A room on three servers in which anything may happen, while links break and heal: a source of forks that nobody
 * would think of. There is an administrator on each server who is never thrown out, and a guest who may be.
 */
export class Walk {
  readonly admins: Person[] = [];
  readonly log: string[] = [];
  room = '';
  readonly #guests: Person[] = [];
  readonly #options: WalkOptions;
  readonly #dice: Dice;
  readonly #cuts = new Set<Pair>();

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#dice = new Dice(`${options.version} ${options.seed}`);
  }

  async run(): Promise<void> {
    const { network, steps } = this.#options;
    await this.#begin();
    for (let step = 0; step < steps; step++) {
      network.clock.advance(this.#dice.below(50));
      await this.#step();
    }
    for (const [one, other] of this.#cuts) await network.heal(one, other);
    await network.retry();
    // What each says next follows everything that its server knows of; twice, so that nothing is left loose.
    for (const admin of [...this.admins, ...this.admins]) {
      await admin.say(this.room, 'amen');
      await network.settle();
    }
  }

  async #begin(): Promise<void> {
    const { network, version } = this.#options;
    for (const server of SERVERS) {
      this.admins.push(await network.person('admin', server));
      this.#guests.push(await network.person('guest', server));
    }
    const [creator, ...others] = this.admins;
    const levels = Object.fromEntries(others.map(({ userId }) => [userId, 100]));
    // Version 12 has the creator above all levels, and wants them left out.
    const users = version === '12' ? levels : { ...levels, [creator!.userId]: 100 };
    this.room = await creator!.createRoom({
      preset: 'public_chat',
      room_version: version,
      power_level_content_override: { users },
    });
    for (const person of [...others, ...this.#guests]) await person.join(this.room, ['a.test']);
    await network.settle();
  }

  async #step(): Promise<void> {
    const { network } = this.#options;
    const dice = this.#dice;
    const admin = dice.of(this.admins);
    const guest = dice.of(this.#guests);
    const { room } = this;
    const text = String(dice.below(1000));
    const pair = dice.of(PAIRS);
    const actions: Readonly<Record<string, () => Promise<unknown>>> = {
      topic: () => admin.setState(room, ['m.room.topic', ''], { topic: text }),
      thing: () => admin.setState(room, ['org.example.thing', dice.of(['x', 'y'])], { text }),
      'guest topic': () => guest.setState(room, ['m.room.topic', ''], { topic: text }),
      power: () => this.#setPower(admin, guest),
      rules: () => admin.setState(room, ['m.room.join_rules', ''], { join_rule: dice.of(['public', 'invite']) }),
      kick: () => admin.kick(room, guest),
      ban: () => admin.ban(room, guest),
      unban: () => admin.unban(room, guest),
      invite: () => admin.invite(room, guest),
      join: () => guest.join(room, [dice.of(SERVERS)]),
      leave: () => guest.leave(room),
      say: () => guest.say(room, text),
      settle: () => network.settle(),
      cut: async () => {
        this.#cuts.add(pair);
        network.cut(...pair);
      },
      heal: () => network.heal(...pair),
    };
    const name = dice.of(Object.keys(actions));
    this.log.push(`${name} by ${admin.name}, ${guest.name}, ${pair.join(' ')}`);
    await actions[name]!().catch((error: unknown) => {
      // That it was not allowed is part of the game.
      if (!(error instanceof Refused) || error.status === 500) throw error;
    });
  }

  async #setPower(admin: Person, guest: Person): Promise<void> {
    const levels = await admin.stateAt(this.room, ['m.room.power_levels', '']);
    const users = { ...levels.users, [guest.userId]: this.#dice.of([0, 50]) };
    await admin.setState(this.room, ['m.room.power_levels', ''], { ...levels, users });
  }
}
