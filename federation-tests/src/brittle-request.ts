import { type Agent, type ClientRequest, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { PATIENCE_MS } from './http.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

interface Wanted {
  readonly url: string;
  readonly body: object;
  readonly token: string;
}

/** A request over a connection of its own, or one that was used before, which can break at any moment. */
export class BrittleRequest {
  readonly #request: ClientRequest;
  readonly #text: string;
  #answer: { readonly status: number; readonly body: any } | undefined;
  #hasBegun = false;
  #isOver = false;

  /** Nothing is sent yet. */
  constructor({ url, body, token }: Wanted, agent: Agent) {
    this.#text = JSON.stringify(body);
    const length = Buffer.byteLength(this.#text);
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': length };
    this.#request = request(url, { method: 'POST', agent, headers });
    this.#request.on('error', () => undefined);
    this.#request.on('close', () => (this.#isOver = true));
    this.#request.on('response', (response) => {
      this.#hasBegun = true;
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('error', () => undefined);
      response.on('end', () => (this.#answer = { status: response.statusCode!, body: JSON.parse(text) }));
    });
  }

  /** Resolves once it is on its way: all of it, or half of what it asks for. */
  async send(isWhole = true): Promise<void> {
    const text = isWhole ? this.#text : this.#text.slice(0, this.#text.length / 2);
    await new Promise<void>((resolve) => {
      this.#request.once('close', resolve);
      this.#request.write(text, () => {
        resolve();
      });
    });
    if (isWhole) this.#request.end();
  }

  /** The connection is gone; `isReset`: without a goodbye. */
  break(isReset: boolean): void {
    if (isReset) this.#request.socket?.resetAndDestroy();
    this.#request.destroy();
  }

  /** Until the answer begins to arrive, or none will. */
  begun(meanwhile: () => void): Promise<void> {
    return this.#until(() => this.#hasBegun || this.#isOver, meanwhile);
  }

  /** Nothing if the connection has broken before all of it was there. */
  async answer(meanwhile: () => void): Promise<{ readonly status: number; readonly body: any } | undefined> {
    await this.#until(() => this.#isOver, meanwhile);
    return this.#answer;
  }

  async #until(isSo: () => boolean, meanwhile: () => void): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!isSo()) {
      if (performance.now() > end) throw new Error('there is no answer');
      meanwhile();
      await pause(1);
    }
  }
}
