import { RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Member } from '../../../rooms/model.ts';
import type { Position } from '../../../streams/stream.ts';
import { activityOf } from './listed-room.ts';
import type { Card } from './room-cards.service.ts';
import { idsText, type Kind, Roster, type Test } from './roster.ts';

type Step = readonly [
  nid: number,
  what: 'put' | 'remove',
  bump: number,
  isEncrypted: boolean,
  kind: Kind,
  isIn: boolean,
];

const steps = fc.array(
  fc.tuple(
    fc.integer({ min: 1, max: 8 }),
    fc.constantFrom('put' as const, 'put' as const, 'put' as const, 'remove' as const),
    fc.integer({ min: 0, max: 30 }),
    fc.boolean(),
    fc.constantFrom<Kind>('listed', 'listed', 'left'),
    fc.boolean(),
  ),
  { maxLength: 60 },
);

const filters: Readonly<Record<string, Test>> = {
  all: () => true,
  secret: ({ card }) => card.isEncrypted,
  open: ({ member }) => member.membership === 'join',
};

/** One object for each room, which changes, as those in memory do. */
const cardOf = (cards: Map<number, Card>, [nid, , bump, isEncrypted]: Step): Card => {
  const known = cards.get(nid);
  const roomId = RoomId.parse(`!r${nid}:a.test`);
  const card = known ?? {
    nid,
    roomId,
    version: 1,
    changed: 0 as Position,
    bump: 0 as Position,
    roomType: undefined,
    isEncrypted,
  };
  cards.set(nid, card);
  return Object.assign(card, { bump, isEncrypted });
};

const take = (roster: Roster, cards: Map<number, Card>, step: Step): void => {
  const [nid, what, bump, , kind, isIn] = step;
  if (what === 'remove') return roster.remove(nid);
  const member = { roomNid: nid, membership: isIn ? 'join' : 'invite', position: bump } as Member;
  roster.put({ card: cardOf(cards, step), member }, kind);
};

describe("a user's rooms in order", () => {
  it('are, whatever changes, as if they had been sorted just now', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const roster = new Roster();
        const cards = new Map<number, Card>();
        const views = Object.entries(filters).map(([name, test]) => [test, roster.view(name, [], () => test)] as const);
        for (const step of all) {
          const before = views.map(([, view]) => [view.version, view.rooms, view.idsOf([0, 99])] as const);
          take(roster, cards, step);
          for (const [i, [test, view]] of views.entries()) {
            const listed = [...roster.nids].flatMap((nid) => roster.get(nid) ?? []);
            const expected = listed
              .filter((room) => !roster.isLeft(room) && test(room))
              .sort((a, b) => activityOf(b) - activityOf(a) || b.card.nid - a.card.nid);
            expect(view.order.map(({ card }) => card.nid)).to.eql(expected.map(({ card }) => card.nid));
            expect(view.idsOf([0, 99])).to.equal(idsText(expected, [0, 99]));
            expect(listed.filter((room) => view.has(room))).to.have.members(expected);
            const [version, rooms, ids] = before[i] ?? [0, 0, ''];
            const sorted = (text: string) => (JSON.parse(text) as string[]).sort();
            if (view.version === version) expect(view.idsOf([0, 99])).to.equal(ids);
            if (view.rooms === rooms) expect(sorted(view.idsOf([0, 99]))).to.eql(sorted(ids));
          }
        }
      }),
    );
  });

  it('are asked for by what they pass, which is thought over only where something else decides', () => {
    const roster = new Roster();
    const dms = new Set<string>();
    let made = 0;
    const ask = (stamp: unknown) => roster.view('direct', [stamp], () => (made++, () => true));
    expect(ask(dms)).to.equal(ask(dms));
    expect(made).to.equal(1);
    ask(new Set());
    expect(made).to.equal(2);
    for (let n = 0; n < 40; n++) roster.view(`list ${n}`, [], () => () => true);
    ask(dms);
    expect(made).to.equal(3);
  });
});
