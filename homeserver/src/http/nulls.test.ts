import { Type } from '@sinclair/typebox';
import { expect } from 'chai';
import { withoutNulls } from './nulls.ts';

const text = Type.Optional(Type.String());
const schema = Type.Object({
  id: Type.String(),
  reason: text,
  title: Type.Optional(Type.Union([Type.Null(), Type.String()])),
  content: Type.Optional(Type.Unknown()),
  auth: Type.Optional(Type.Object({ session: text })),
  people: Type.Optional(Type.Array(Type.Object({ name: text }))),
  byId: Type.Optional(Type.Record(Type.String(), Type.Object({ name: text }))),
  either: Type.Optional(Type.Union([Type.String(), Type.Object({ kind: Type.Literal('a'), more: text })])),
  both: Type.Optional(Type.Intersect([Type.Object({ one: text }), Type.Object({ two: text })])),
});

describe('null in what clients send', () => {
  const cases: readonly (readonly [string, unknown, unknown])[] = [
    ['is nothing where nothing need be', { id: 'x', reason: null }, { id: 'x' }],
    ['stays where something is needed', { id: null }, { id: null }],
    ['stays where it means something', { id: 'x', title: null }, { id: 'x', title: null }],
    ['stays in what anybody may fill', { id: 'x', content: { a: null } }, { id: 'x', content: { a: null } }],
    ['stays in what is none of ours', { id: 'x', other: null }, { id: 'x', other: null }],
    ['is nothing further in', { id: 'x', auth: { session: null } }, { id: 'x', auth: {} }],
    ['is nothing in each of many', { people: [{ name: null }, { name: 'a' }] }, { people: [{}, { name: 'a' }] }],
    ['is no item of a list', { people: [null] }, { people: [null] }],
    ['is nothing by whatever name', { byId: { a: { name: null }, b: null } }, { byId: { a: {}, b: null } }],
    ['is nothing in one of two kinds', { either: { kind: 'a', more: null } }, { either: { kind: 'a' } }],
    ['stays in what is of neither kind', { either: { kind: 'b', more: null } }, { either: { kind: 'b', more: null } }],
    ['is nothing in two that go together', { both: { one: null, two: null } }, { both: {} }],
    ['stays for a whole', null, null],
    ['stays in what is another thing', [null], [null]],
  ];
  for (const [what, value, expected] of cases) {
    it(what, () => expect(withoutNulls(schema, value)).to.eql(expected));
  }

  it('stays, and is refused, where there are more of it than any library sends', () => {
    const people = (count: number) => ({ id: 'x', people: Array.from({ length: count }, () => ({ name: null })) });
    expect(withoutNulls(schema, people(1_000))).to.eql({ id: 'x', people: Array.from({ length: 1_000 }, () => ({})) });
    expect(withoutNulls(schema, people(1_001))).to.eql(people(1_001));
  });

  it('changes nothing of names that objects have by themselves', () => {
    const value = JSON.parse('{"id":"x","__proto__":{"a":1},"toString":null}') as unknown;
    expect(JSON.stringify(withoutNulls(schema, value))).to.equal(JSON.stringify(value));
  });
});
