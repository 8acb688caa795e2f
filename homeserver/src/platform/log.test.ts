import { expect } from 'chai';
import { type LogLevel, createLog } from './log.ts';
import { withRequestId } from './request-id.ts';

const logInto = (level: LogLevel, areas: Record<string, LogLevel> = {}) => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
  return { log: createLog(level, { write }, areas), lines };
};

describe('the log', () => {
  it('gives areas levels of their own', () => {
    const { log, lines } = logInto('info', { http: 'debug', storage: 'error' });
    log.debug('not seen');
    log.with({ area: 'http' }).debug('seen');
    log.with({ area: 'storage' }).warn('not seen');
    log.with({ area: 'rooms' }).info('seen too');
    expect(lines.map(({ msg }) => msg)).to.eql(['seen', 'seen too']);
  });

  it('names the request that a line was written for, however deep', async () => {
    const { log, lines } = logInto('info');
    await withRequestId('r-1', async () => {
      await Promise.resolve();
      log.info('inside');
    });
    log.info('outside');
    expect(lines.map(({ requestId }) => requestId)).to.eql(['r-1', undefined]);
  });

  it('tells what went wrong and why, and nothing that hangs on an error', () => {
    const { log, lines } = logInto('info');
    const cause = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (body)=(a secret)' });
    log.info('it failed', { err: Object.assign(new TypeError('no row', { cause }), { parameters: ['a secret'] }) });
    expect(JSON.stringify(lines)).to.not.contain('a secret');
    const err = lines[0]?.['err'] as Record<string, Record<string, unknown>>;
    expect(err).to.include({ type: 'TypeError', message: 'no row' });
    expect(err['stack']).to.be.a('string');
    expect(err['cause']).to.include({ type: 'Error', message: 'duplicate key', code: '23505' });
    log.info('it threw', { err: 'text' });
    expect(lines[1]?.['err']).to.equal('text');
  });
});
