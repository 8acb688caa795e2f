import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Authority, type Certificate } from '../src/certificates.ts';
import { TestNetwork } from '../src/network.ts';
import { type Person, textsOf } from '../src/people.ts';

const YEAR_MS = 365 * 24 * 3_600_000;

describe('the certificate of another server', () => {
  const believed = new Authority('believed');
  const unheardOf = new Authority('unheard of');
  const names = ['b.test'];
  const right = believed.issue({ names });
  let folder: string;
  let network: TestNetwork;
  let alice: Person;
  let bob: Person;
  let room: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holm-tls-'));
    const file = join(folder, 'authority.pem');
    writeFileSync(file, believed.cert);
    network = await TestNetwork.with({
      names: ['a.test', 'b.test'],
      certificates: { 'a.test': believed.issue({ names: ['a.test'] }), 'b.test': right },
      config: { federation: { trusted_ca_file: file } },
    });
    alice = await network.person('alice', 'a.test');
    bob = await network.person('bob', 'b.test');
    room = await alice.createRoom();
    await bob.join(room, ['a.test']);
    await network.settle();
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const now = Date.now();
  const wrong: readonly (readonly [string, Certificate])[] = [
    ['of another name', believed.issue({ names: ['c.test'] })],
    ['of a name below its own', believed.issue({ names: ['www.b.test'] })],
    ['of the address that it is found at', believed.issue({ names: ['127.0.0.1'] })],
    ['that is no longer valid', believed.issue({ names, from: new Date(now - YEAR_MS), until: new Date(now - 60_000) })],
    ['that is not yet valid', believed.issue({ names, from: new Date(now + 3_600_000), until: new Date(now + YEAR_MS) })],
    ['by an authority that nobody has heard of', unheardOf.issue({ names })],
  ]; // prettier-ignore

  for (const [index, [what, certificate]] of wrong.entries()) {
    it(`keeps everything from it when it is one ${what}, until it has the right one`, async () => {
      const link = network.link('a.test', 'b.test');
      link.present(certificate);
      const before = link.bytes;
      await alice.say(room, `secret ${index}`);
      await network.settle();
      await network.retry();
      expect(link.bytes).to.equal(before);
      expect(textsOf(await bob.history(room))).not.to.include(`secret ${index}`);
      link.present(right);
      await network.retry();
      expect(textsOf(await bob.history(room))).to.include(`secret ${index}`);
    });
  }

  it('may hold many names', async () => {
    network.link('a.test', 'b.test').present(believed.issue({ names: ['c.test', 'b.test'] }));
    await alice.say(room, 'among others');
    await network.settle();
    expect(textsOf(await bob.history(room))).to.include('among others');
  });
});
