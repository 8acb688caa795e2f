import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

// These are plain JavaScript, for they run before there is anything that could read TypeScript.
const become = new URL('setup/become.mjs', import.meta.url).href;
const { packagesAreCurrent } = (await import(new URL('setup/packages.mjs', import.meta.url).href)) as {
  packagesAreCurrent: (folder: string) => boolean;
};

type Packages = Record<string, { version?: string; optional?: boolean; link?: boolean }>;

describe('the check for missing packages', () => {
  const locked: Packages = {
    '': {},
    spec: { version: '0.1.0' },
    'node_modules/@holm/spec': { link: true },
    'node_modules/pg': { version: '8.0.0' },
    'node_modules/other-platform': { version: '1.0.0', optional: true },
  };
  const same: Packages = { 'node_modules/@holm/spec': { link: true }, 'node_modules/pg': { version: '8.0.0' } };
  const cases: readonly (readonly [string, Packages | undefined, boolean])[] = [
    ['nothing is installed', undefined, false],
    ['all is there but what is for other platforms', same, true],
    ['a version differs', { ...same, 'node_modules/pg': { version: '7.9.0' } }, false],
    ['one is missing', { 'node_modules/@holm/spec': { link: true } }, false],
    ['a workspace is not linked', { ...same, 'node_modules/@holm/spec': { version: '0.1.0' } }, false],
  ];
  for (const [when, present, current] of cases) {
    it(`says ${current ? 'no' : 'yes'} when ${when}`, () => {
      const folder = mkdtempSync(join(tmpdir(), 'holm-setup-'));
      writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: locked }));
      mkdirSync(join(folder, 'node_modules'));
      if (present !== undefined) {
        writeFileSync(join(folder, 'node_modules/.package-lock.json'), JSON.stringify({ packages: present }));
      }
      expect(packagesAreCurrent(folder)).to.equal(current);
      rmSync(folder, { recursive: true });
    });
  }
});

describe('handing over to another Node', () => {
  const ways = { 'by replacing the process': '', 'through a child process': 'process.execve = undefined;' };
  for (const [way, prepare] of Object.entries(ways)) {
    const handOver = (program: string): ChildProcess => {
      const script = `import { become } from '${become}'; ${prepare}
        become(process.execPath, ['-e', ${JSON.stringify(program)}], { GIVEN: '7' });`;
      return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    };

    it(`keeps the exit code and the environment, ${way}`, async () => {
      const [code] = (await once(handOver('process.exit(Number(process.env.GIVEN))'), 'exit')) as [number | null];
      expect(code).to.equal(7);
    });

    it(`passes signals on, ${way}`, async () => {
      const child = handOver(
        `process.on('SIGTERM', () => process.exit(5)); setInterval(() => {}, 1000); console.log('up');`,
      );
      await once(child.stdout!, 'data');
      child.kill('SIGTERM');
      const [code] = (await once(child, 'exit')) as [number | null];
      expect(code).to.equal(5);
    });
  }
});

describe('the flags for Node', () => {
  const { href } = new URL('setup/flags.mjs', import.meta.url);
  const flags = (options: string): readonly string[] => {
    const program = `const { nodeFlags } = await import('${href}'); console.log(JSON.stringify(nodeFlags))`;
    const env = { ...process.env, NODE_OPTIONS: options };
    return JSON.parse(
      execFileSync(process.execPath, ['--input-type=module', '-e', program], { env, encoding: 'utf8' }),
    );
  };

  it('leave little to collect at a time', () => expect(flags('')).to.include('--max-semi-space-size=8'));
  it('give way to what an operator says', () =>
    expect(flags('--max-semi-space-size=32').join()).not.to.include('--max-semi-space-size'));
});
