import type { Browser } from 'playwright-core';
import { expect } from 'chai';
import { launchChromium, Screen } from '../src/browser.ts';
import { createDatabase } from '../src/database.ts';
import { needChromiumAndClient } from '../src/needs.ts';
import { freePort, ServerProcess } from '../src/process.ts';

/** What the README promises: two people, each with a browser and a server of their own, talk. */
describe('two browsers on two servers', () => {
  const stack = new AsyncDisposableStack();
  let browser: Browser;
  let here: ServerProcess;
  let there: ServerProcess;
  let alice: Screen;
  let bob: Screen;

  before(async function () {
    this.timeout(60_000);
    const chromium = needChromiumAndClient(this);
    const [portHere, portThere] = [await freePort(), await freePort()];
    const start = async (port: number, otherPort: number): Promise<ServerProcess> => {
      const database = stack.use(await createDatabase());
      const server = new ServerProcess({
        name: `localhost:${port}`,
        port,
        config: {
          database: { url: database.url },
          federation: { overrides: { [`localhost:${otherPort}`]: `http://127.0.0.1:${otherPort}` } },
          passwords: { password_hash_cost: 4 },
        },
      });
      stack.use(server);
      await server.start();
      return server;
    };
    [here, there] = await Promise.all([start(portHere, portThere), start(portThere, portHere)]);
    browser = await launchChromium(chromium);
    stack.defer(() => browser.close());
    [alice, bob] = await Promise.all([Screen.open(browser), Screen.open(browser)]);
  });
  after(() => stack.disposeAsync());

  it('sign up by the links that the servers print', async function () {
    this.timeout(60_000);
    await Promise.all([alice.signUp(await here.signUpLink(), 'alice'), bob.signUp(await there.signUpLink(), 'bob')]);
  });

  it('meet in a public room and talk', async function () {
    this.timeout(60_000);
    await alice.createRoom('Fox den', 'den');
    await alice.say('Hello from Alice');
    await bob.join(`#den:${here.name}`, 'Fox den');
    await bob.sees('Hello from Alice');
    await bob.say('Hello from Bob');
    await alice.sees('Hello from Bob');
    await bob.sees('Hello from Bob');
    await alice.say('So we can talk');
    await bob.sees('So we can talk');
    expect(await bob.count('So we can talk')).to.equal(1);
    expect(await alice.count('Hello from Bob')).to.equal(1);
  });

  it('meet in a private room by invitation', async function () {
    this.timeout(60_000);
    await alice.createRoom('Burrow');
    await alice.invite(`@bob:${there.name}`);
    await bob.accept('Burrow');
    await bob.say('A secret');
    await alice.sees('A secret');
  });

  it('find everything again after reloading the page', async function () {
    this.timeout(60_000);
    await alice.page.reload();
    await alice.page.getByRole('navigation', { name: 'Rooms' }).getByRole('link', { name: 'Fox den' }).click();
    await alice.sees('Hello from Bob');
  });
});
