import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Nothing of the browser's own goes out to the network. */
const QUIET = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]; // prettier-ignore

/** The machine's browser, if it has one. `HOLM_CHROMIUM` names another. */
export const findChromium = (): string | undefined =>
  process.env['HOLM_CHROMIUM'] ?? CHROMIUM.find((path) => existsSync(path));

export const launchChromium = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: QUIET });

/** What a person does with the web client. The names are those that the client promises (client/README.md). */
export class Screen {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(15_000);
  }

  /** A browser profile of its own, so that two people do not share a session. */
  static async open(browser: Browser): Promise<Screen> {
    const context = await browser.newContext({ viewport: { width: 1100, height: 750 }, locale: 'en' });
    return new Screen(await context.newPage());
  }

  async signUp(link: string, username: string): Promise<void> {
    const { page } = this;
    await page.goto(link);
    await page.getByRole('textbox', { name: 'Username' }).fill(username);
    await page.getByRole('textbox', { name: 'Password', exact: true }).fill('correct horse battery');
    await page.getByRole('textbox', { name: 'Repeat password' }).fill('correct horse battery');
    await page.getByRole('button', { name: 'Create account' }).click();
    await page.getByRole('button', { name: 'New room' }).first().waitFor();
  }

  async signIn(url: string, username: string, password: string): Promise<void> {
    const { page } = this;
    await page.goto(`${url}/#/login`);
    await page.getByRole('textbox', { name: 'Homeserver' }).fill(url);
    await page.getByRole('textbox', { name: 'Username' }).fill(username);
    await page.getByRole('textbox', { name: 'Password', exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'New room' }).first().waitFor();
  }

  /** A public room, if it has an address; else a private one. */
  async createRoom(name: string, address?: string): Promise<void> {
    const { page } = this;
    await page.getByRole('button', { name: 'New room' }).first().click();
    await page.getByRole('textbox', { name: 'Room name' }).fill(name);
    await page.getByRole('radio', { name: address === undefined ? 'Private' : 'Public' }).check();
    if (address !== undefined) await page.getByRole('textbox', { name: 'Room address (optional)' }).fill(address);
    await page.getByRole('button', { name: 'Create room' }).click();
    await this.#isIn(name);
  }

  async join(address: string, name: string): Promise<void> {
    const { page } = this;
    await page.getByRole('button', { name: 'Find a room' }).first().click();
    await page.getByRole('textbox', { name: 'Room address or ID' }).fill(address);
    await page.getByRole('button', { name: 'Join room' }).click();
    await this.#isIn(name);
  }

  async invite(userId: string): Promise<void> {
    const { page } = this;
    await page.getByRole('button', { name: 'Show members' }).click();
    await page.getByRole('button', { name: 'Add people' }).click();
    await page.getByRole('textbox', { name: 'User ID' }).fill(userId);
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
  }

  async accept(room: string): Promise<void> {
    const invitation = this.page.getByRole('group', { name: room });
    await invitation.getByRole('button', { name: 'Accept' }).click();
    await this.#isIn(room);
  }

  async #isIn(room: string): Promise<void> {
    await this.page.getByRole('main').getByRole('heading', { name: room }).waitFor();
    await this.page.getByRole('textbox', { name: 'Message' }).waitFor();
  }

  async say(text: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Message' }).fill(text);
    await this.page.getByRole('button', { name: 'Send' }).click();
  }

  /** Resolves once a message is on the screen. */
  async sees(text: string): Promise<void> {
    await this.page.getByRole('log', { name: 'Messages' }).getByRole('article').filter({ hasText: text }).waitFor();
  }

  /** The first message shown twice would be a bug that `sees` does not see. */
  count(text: string): Promise<number> {
    return this.page.getByRole('log', { name: 'Messages' }).getByRole('article').filter({ hasText: text }).count();
  }
}
