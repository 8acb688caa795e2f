import { expect } from 'chai';
import { discover, originOf, type FetchJson } from './discovery.ts';
import { ProblemError } from './problem.ts';

const VERSIONS = { versions: ['v1.11'] };

const web =
  (pages: Record<string, unknown>): FetchJson =>
  async (url) =>
    url in pages ? { status: 200, body: pages[url] } : { status: 404, body: {} };

const problemIn = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof ProblemError) return error.problem.code;
    throw error;
  }
  return 'none';
};

describe('the address of a homeserver', () => {
  const cases: readonly [string, string | undefined][] = [
    ['example.org', 'https://example.org'],
    [' example.org/ ', 'https://example.org'],
    ['example.org:8448', 'https://example.org:8448'],
    ['http://box.lan:8008', 'http://box.lan:8008'],
    ['https://example.org/matrix/', 'https://example.org/matrix'],
    ['localhost:8008', 'http://localhost:8008'],
    ['127.0.0.1:8008', 'http://127.0.0.1:8008'],
    ['[::1]:8008', 'http://[::1]:8008'],
    ['a b', undefined],
    ['https://me:secret@example.org', undefined],
    ['', undefined],
  ];
  for (const [typed, origin] of cases)
    it(`${JSON.stringify(typed)} is ${origin ?? 'nothing'}`, () => expect(originOf(typed)).to.equal(origin));
});

describe('discovery', () => {
  it('follows the well-known file to the server it names', async () => {
    const pages = {
      'https://example.org/.well-known/matrix/client': { 'm.homeserver': { base_url: 'https://hs.example.org/' } },
      'https://hs.example.org/_matrix/client/versions': VERSIONS,
    };
    expect(await discover(web(pages), 'example.org')).to.equal('https://hs.example.org');
  });

  it('tries the address itself where there is no such file', async () => {
    const pages = { 'https://example.org/_matrix/client/versions': VERSIONS };
    expect(await discover(web(pages), 'example.org')).to.equal('https://example.org');
  });

  it('does not overlook a well-known file that is wrong', async () => {
    const pages = {
      'https://example.org/.well-known/matrix/client': { 'm.homeserver': { base_url: 'javascript:alert(1)' } },
      'https://example.org/_matrix/client/versions': VERSIONS,
    };
    expect(await problemIn(discover(web(pages), 'example.org'))).to.equal('bad-well-known');
  });

  it('says when nothing there speaks Matrix', async () => {
    expect(await problemIn(discover(web({}), 'example.org'))).to.equal('not-a-homeserver');
    const silent: FetchJson = async () => {
      throw new TypeError('Failed to fetch');
    };
    expect(await problemIn(discover(silent, 'example.org'))).to.equal('not-a-homeserver');
  });
});
