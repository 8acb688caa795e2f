import { expect } from 'chai';
import { type Address, createSystemDns, LOOKUPS_AT_ONCE } from './dns.ts';

const HERE: readonly Address[] = [{ address: '192.0.2.1', family: 4 }];

describe('looking names up', () => {
  it('takes a few threads and no more, however many names nobody answers for', async () => {
    const asked: string[] = [];
    const silence = Promise.withResolvers<readonly Address[]>();
    const { addresses } = createSystemDns({
      lookup: (host) => {
        asked.push(host);
        return host.startsWith('dead') ? silence.promise : Promise.resolve(HERE);
      },
    });
    const dead = Array.from({ length: 1_000 }, (_, index) => addresses(`dead${index}.test`));
    const alive = addresses('alive.test');
    expect(asked).to.have.length(LOOKUPS_AT_ONCE);
    silence.resolve([]);
    expect(await alive).to.eql(HERE);
    await Promise.all(dead);
  });

  it('is done once for all who ask at the same time, and again for those who come later', async () => {
    let asked = 0;
    const { addresses } = createSystemDns({ lookup: () => Promise.resolve(asked++ === 0 ? HERE : []) });
    expect(await Promise.all([addresses('a.test'), addresses('a.test')])).to.eql([HERE, HERE]);
    expect(await addresses('a.test')).to.eql([]);
    expect(asked).to.equal(2);
  });

  it('finds nothing for names that do not exist, and fails where that cannot be known', async () => {
    for (const [code, found] of [
      ['ENOTFOUND', []],
      ['ENODATA', []],
      ['EAI_AGAIN', 'EAI_AGAIN'],
    ] as const) {
      const { addresses } = createSystemDns({
        lookup: () => Promise.reject(Object.assign(new Error('expected'), { code })),
      });
      const outcome: unknown = await addresses('a.test').catch((error: unknown) => (error as { code: string }).code);
      expect(outcome, code).to.eql(found);
    }
  });
});
