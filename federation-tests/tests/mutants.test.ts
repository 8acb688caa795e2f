import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { MUTANTS } from '../fuzz/mutants.ts';

// That each is found is shown by `npm run fuzz -- --mutants`, which takes too long for every run.
describe('the mutants of the fuzzer', () => {
  for (const { name, file, find, replace } of MUTANTS) {
    it(`can still do this: ${name}`, () => {
      const source = readFileSync(new URL(`../../homeserver/src/core/state/${file}`, import.meta.url), 'utf8');
      expect(source.split(find), find).to.have.length(2);
      expect(replace).not.to.equal(find);
    });
  }
});
