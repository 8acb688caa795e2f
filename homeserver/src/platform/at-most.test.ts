import { expect } from 'chai';
import { LRUCache } from 'lru-cache';
import { atMost, weighAgain } from './at-most.ts';

describe('caches', () => {
  it('keep at most so many', () => {
    const cache = new LRUCache<number, string>(atMost(2));
    for (const key of [1, 2, 3]) cache.set(key, 'x');
    expect([...cache.keys()].sort()).to.deep.equal([2, 3]);
  });

  it('make room for what grows while it is kept', () => {
    const evicted: string[] = [];
    const cache = new LRUCache<string, number[]>({
      maxSize: 10,
      sizeCalculation: (list) => 1 + list.length,
      dispose: (_list, key, reason) => reason === 'evict' && evicted.push(key),
    });
    const growing: number[] = [];
    cache.set('grows', growing).set('old', []).set('new', []);
    growing.push(1, 2, 3, 4, 5, 6, 7, 8);
    weighAgain(cache, 'grows');
    expect([[...cache.keys()], cache.calculatedSize, evicted]).to.deep.equal([['grows', 'new'], 10, ['old']]);
    expect(cache.get('grows')).to.equal(growing);
  });

  it('have nothing to weigh where nothing is', () => {
    const cache = new LRUCache<string, number[]>(atMost(2));
    weighAgain(cache, 'nothing');
    expect(cache.size).to.equal(0);
  });
});
