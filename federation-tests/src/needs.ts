import { existsSync } from 'node:fs';
import { findChromium } from './browser.ts';
import { hasMediaWorker } from './call-house.ts';

/** A test, or what stands before tests: what can be skipped. */
interface Skippable {
  skip(): never;
}

const CLIENT = new URL('../../client/dist/index.html', import.meta.url);

const skip = (test: Skippable, why: string): never => {
  process.stdout.write(`    ${why}\n`);
  return test.skip();
};

/** Where the machine's browser is; without one the tests are skipped, and say so in a line. */
export const needChromium = (test: Skippable): string =>
  findChromium() ?? skip(test, 'there is no Chromium here, so nothing is tried in a browser (CI has one)');

/** The same, and the web client. That it is not built is a mistake: whoever runs the tests builds it. */
export const needChromiumAndClient = (test: Skippable): string => {
  const chromium = needChromium(test);
  if (!existsSync(CLIENT)) throw new Error('the web client is not built: npm run build -w client');
  return chromium;
};

/** The same, and a media worker. */
export const needChromiumAndCalls = (test: Skippable): string =>
  hasMediaWorker() ? needChromium(test) : skip(test, 'there is no media worker here, so no calls are tried');
