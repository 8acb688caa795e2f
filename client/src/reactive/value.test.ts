import { expect } from 'chai';
import { derive } from './derive.ts';
import { createValue } from './value.ts';

describe('a value', () => {
  it('tells observers of changes, and only of changes', () => {
    const value = createValue(1);
    let calls = 0;
    value.observe(() => (calls += 1));
    value.set(1);
    expect(calls).to.equal(0);
    value.set(2);
    expect(calls).to.equal(1);
  });

  it('stops telling an observer that was disposed, even when another shares its function', () => {
    const value = createValue(1);
    let calls = 0;
    const listener = () => (calls += 1);
    const first = value.observe(listener);
    value.observe(listener);
    first[Symbol.dispose]();
    value.set(2);
    expect(calls).to.equal(1);
  });
});

describe('a derived value', () => {
  it('follows its sources and computes once for each change', () => {
    const a = createValue(1);
    const b = createValue(10);
    let computed = 0;
    const sum = derive([a, b], (x, y) => {
      computed += 1;
      return x + y;
    });
    expect([sum.get(), sum.get()]).to.deep.equal([11, 11]);
    expect(computed).to.equal(1);
    b.set(20);
    expect(sum.get()).to.equal(21);
  });

  it('observes its sources only while observed', () => {
    const source = createValue(1);
    const double = derive([source], (n) => n * 2);
    const seen: number[] = [];
    const watch = double.observe(() => seen.push(double.get()));
    source.set(2);
    watch[Symbol.dispose]();
    source.set(3);
    expect(seen).to.deep.equal([4]);
  });
});
