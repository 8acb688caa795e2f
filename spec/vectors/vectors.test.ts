import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');

/** Golden data of what is not built yet. */
const WAITING: Readonly<Record<string, string>> = {
};

const filesBelow = (folder: string, end: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(end) && !file.includes('node_modules'))
    .map((file) => join(folder, file));

const tests = ['spec', 'homeserver/src', 'client/src', 'federation-tests']
  .flatMap((folder) => filesBelow(join(root, folder), '.test.ts'))
  .filter((file) => file !== fileURLToPath(import.meta.url))
  .map((file) => readFileSync(file, 'utf8'));

/** Whether a test names the file, or reads the whole folder that it is in. */
const isUsed = (file: string): boolean => {
  const name = basename(file, '.json');
  const folder = `vectors/${dirname(file)}/`;
  return tests.some(
    (text) =>
      new RegExp(`['/]${name.replaceAll('.', '\\.')}(\\.json)?'`).test(text) ||
      (text.includes(`${folder}'`) && text.includes('readdirSync')),
  );
};

describe('golden data', () => {
  const files = filesBelow(here, '.json').map((file) => file.slice(here.length));

  it('is there', () => expect(files.length).to.be.greaterThan(40));

  for (const file of files) {
    const waitsFor = WAITING[file];
    it(waitsFor === undefined ? `${file} is used by a test` : `${file} waits for ${waitsFor}`, () => {
      expect(isUsed(file)).to.equal(waitsFor === undefined);
    });
  }
});
