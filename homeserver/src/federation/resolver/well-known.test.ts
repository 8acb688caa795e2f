import { expect } from 'chai';
import { silentLog } from '../../platform/log.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { type CacheHeaders, errorLifetime, lifetimeOf, parseWellKnown } from './well-known-rules.ts';
import { type Fetched, WellKnown } from './well-known.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('well-known rules', () => {
  const lifetimes: readonly (readonly [string, CacheHeaders, number])[] = [
    ['nothing said', {}, 24 * HOUR],
    ['max-age', { cacheControl: 'public, max-age=7200' }, 2 * HOUR],
    ['max-age less the age', { cacheControl: 'max-age=7200', age: '3600' }, HOUR],
    ['too long', { cacheControl: 'max-age=99999999' }, 48 * HOUR],
    ['too short', { cacheControl: 'max-age=1' }, 5 * MINUTE],
    ['no-store', { cacheControl: 'no-store, max-age=7200' }, 5 * MINUTE],
    ['max-age before expires', { cacheControl: 'max-age=7200', expires: 'Thu, 01 Jan 2026 10:00:00 GMT' }, 2 * HOUR],
    ['expires', { expires: 'Thu, 01 Jan 2026 10:00:00 GMT' }, 10 * HOUR],
    ['expires in the past', { expires: '0' }, 5 * MINUTE],
  ];
  for (const [title, headers, expected] of lifetimes) {
    it(`keeps an answer: ${title}`, () => expect(lifetimeOf(headers, NOW)).to.equal(expected));
  }

  const files: readonly (readonly [string, string | undefined])[] = [
    ['{"m.server":"b.example:443"}', 'b.example:443'],
    ['{"m.server":"b.example","x":1}', 'b.example'],
    ['{"m.server":"https://b.example"}', undefined],
    ['{"m.server":5}', undefined],
    ['[]', undefined],
    ['null', undefined],
    ['<html>', undefined],
  ];
  for (const [text, expected] of files) {
    it(`reads ${text}`, () => expect(parseWellKnown(text)).to.equal(expected));
  }

  it('remembers errors longer and longer, up to an hour', () => {
    expect([1, 2, 3, 50].map(errorLifetime)).to.eql([MINUTE, 2 * MINUTE, 4 * MINUTE, HOUR]);
  });
});

describe('WellKnown', () => {
  const good: Fetched = { status: 200, headers: {}, text: '{"m.server":"b.example"}' };

  const setUp = (answers: (Fetched | Error)[]) => {
    const clock = new ManualClock();
    const asked: string[] = [];
    const wellKnown = new WellKnown({
      clock,
      log: silentLog,
      fetch: (url) => {
        asked.push(url);
        const answer = answers.shift();
        return answer && !(answer instanceof Error)
          ? Promise.resolve(answer)
          : Promise.reject(answer ?? new Error('spent'));
      },
    });
    return { clock, asked, wellKnown };
  };

  it('asks once for many, and again when the answer is old', async () => {
    const { clock, asked, wellKnown } = setUp([good, { ...good, text: '{"m.server":"c.example"}' }]);
    const both = await Promise.all([wellKnown.delegateOf('a.example'), wellKnown.delegateOf('a.example')]);
    expect(both).to.eql(['b.example', 'b.example']);
    expect(asked).to.eql(['https://a.example/.well-known/matrix/server']);
    clock.advance(24 * HOUR + 1);
    expect(await wellKnown.delegateOf('a.example')).to.equal('c.example');
  });

  it('remembers a failure for a while', async () => {
    const { clock, asked, wellKnown } = setUp([{ status: 404, headers: {}, text: '' }, good]);
    expect(await wellKnown.delegateOf('a.example')).to.equal(undefined);
    expect(await wellKnown.delegateOf('a.example')).to.equal(undefined);
    expect(asked.length).to.equal(1);
    clock.advance(MINUTE + 1);
    expect(await wellKnown.delegateOf('a.example')).to.equal('b.example');
  });

  // What the web server says when it is asked again after a day, and who is believed to be meant then.
  const later: readonly (readonly [string, Fetched | Error, string | undefined])[] = [
    ['does not answer', new Error('connection refused'), 'b.example'],
    ['is in trouble', { status: 503, headers: {}, text: '' }, 'b.example'],
    ['has had enough', { status: 429, headers: {}, text: '' }, 'b.example'],
    ['no longer has the file', { status: 404, headers: {}, text: '' }, undefined],
    ['has something else there', { ...good, text: '<html>' }, undefined],
    ['names something that is no server', { ...good, text: '{"m.server":"https://c.example"}' }, undefined],
  ];
  for (const [what, answer, expected] of later) {
    it(`${expected === undefined ? 'forgets' : 'keeps'} what it knew when the web server ${what}`, async () => {
      const { clock, wellKnown } = setUp([good, answer]);
      await wellKnown.delegateOf('a.example');
      clock.advance(24 * HOUR + 1);
      expect(await wellKnown.delegateOf('a.example')).to.equal(expected);
      expect(await wellKnown.delegateOf('a.example')).to.equal(expected);
    });
  }

  it('keeps it for a day and no longer', async () => {
    const { clock, wellKnown } = setUp([good]);
    await wellKnown.delegateOf('a.example');
    clock.advance(24 * HOUR + 1);
    for (let hour = 0; hour < 24; hour++) {
      expect(await wellKnown.delegateOf('a.example')).to.equal('b.example');
      clock.advance(HOUR);
    }
    expect(await wellKnown.delegateOf('a.example')).to.equal(undefined);
  });

  it('asks a host that fails less and less, and as often as ever once it has answered', async () => {
    const { clock, asked, wellKnown } = setUp([
      ...Array.from({ length: 8 }, () => new Error('no')),
      good,
      new Error('no'),
    ]);
    const pauses: number[] = [];
    for (let minutes = 0; asked.length < 9; minutes++) {
      const before = asked.length;
      await wellKnown.delegateOf('a.example');
      if (asked.length > before) pauses.push(minutes);
      clock.advance(MINUTE);
    }
    expect(pauses.map((at, index) => at - (pauses[index - 1] ?? 0))).to.eql([0, 1, 2, 4, 8, 16, 32, 60, 60]);
    clock.advance(24 * HOUR);
    await wellKnown.delegateOf('a.example'); // fails, and what is known is kept
    expect(asked.length).to.equal(10);
    clock.advance(MINUTE);
    await wellKnown.delegateOf('a.example');
    expect(asked.length).to.equal(11);
  });
});
