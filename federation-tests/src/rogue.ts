import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { signingKeyFromSeed } from '@holm/homeserver/core/crypto/keys';
import { signText } from '@holm/homeserver/core/crypto/signing';
import type { Signer } from '@holm/homeserver/core/events/build';
import { canonicalJson } from '@holm/homeserver/core/json/canonical';
import { printXMatrix, requestText } from '@holm/homeserver/federation/client/x-matrix';
import { publishedKeys } from '@holm/homeserver/federation/keyring/own-keys';
import type { Clock } from '@holm/homeserver/platform/clock';
import { KeyId, ServerName } from '@holm/spec/ids';
import type { Json } from '@holm/spec/json';
import { type Answer, call } from './http.ts';
import type { TestServer } from './server.ts';

/** Where requests go. */
export type Addressed = Pick<TestServer, 'name' | 'url'>;

/** What the rogue says when it is asked; a status of 0 means that it never answers. */
export type RogueAnswer = (uri: string, body: Json | undefined) => Said | Promise<Said>;

interface Said {
  readonly status: number;
  readonly body: Json;
  /** Said in place of `body`. */
  readonly raw?: { readonly headers: Readonly<Record<string, string>>; readonly chunks: Iterable<Buffer> };
}

/** A server that knows how to sign, and says whatever it likes. Unless it is told more, it only answers what its key is. */
export class Rogue implements AsyncDisposable {
  readonly name: ServerName;
  readonly #key = signingKeyFromSeed(KeyId.parse('ed25519:rogue'), new Uint8Array(32).fill(13));
  readonly #server: Server;
  /** What it answers to addresses that start so. */
  readonly answers = new Map<string, RogueAnswer>();
  /** Everything that it was asked, in order. */
  readonly asked: string[] = [];
  #transactions = 0;

  private constructor(name: ServerName, clock: Clock) {
    this.name = name;
    this.#server = createServer((request, response) => {
      const { url = '' } = request;
      this.asked.push(url);
      const answer = async () => {
        const sent = await text(request);
        const { status, body, raw } = await this.#answerTo(
          url,
          sent === '' ? undefined : (JSON.parse(sent) as Json),
          clock,
        );
        if (status === 0) return;
        if (raw) {
          response.writeHead(status, raw.headers);
          Readable.from(raw.chunks)
            .on('error', () => response.destroy())
            .pipe(response);
          return;
        }
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(canonicalJson(body, 'lenient'));
      };
      answer().catch((error: unknown) => response.destroy(error as Error));
    });
  }

  static async start(name: string, clock: Clock): Promise<Rogue> {
    const rogue = new Rogue(ServerName.parse(name), clock);
    rogue.#server.listen(0, '127.0.0.1');
    await once(rogue.#server, 'listening');
    return rogue;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Who signs its events. */
  get signer(): Signer {
    return { server: this.name, key: this.#key };
  }

  /** Pushes events; resolves to the answer. */
  push(to: Addressed, pdus: readonly Json[], transaction = `t${this.#transactions++}`): Promise<Answer> {
    const body = { origin: this.name, origin_server_ts: 1, pdus };
    return this.send(to, 'PUT', `/_matrix/federation/v1/send/${transaction}`, body);
  }

  #answerTo(url: string, sent: Json | undefined, clock: Clock): Said | Promise<Said> {
    for (const [start, answer] of this.answers) if (url.startsWith(start)) return answer(url, sent);
    if (!url.startsWith('/_matrix/key/v2/server')) return { status: 404, body: { errcode: 'M_UNRECOGNIZED' } };
    const keys = publishedKeys({ serverName: this.name, signing: [this.#key], old: [] }, clock.now());
    return { status: 200, body: keys };
  }

  /** A request with a valid signature. */
  send(to: Addressed, method: string, uri: string, body?: Json): Promise<Answer> {
    return this.sendText(to, method, uri, method === 'GET' ? undefined : canonicalJson(body ?? {}, 'lenient'));
  }

  /** As `send`, with a body that may be anything. */
  sendText(to: Addressed, method: string, uri: string, content: string | undefined): Promise<Answer> {
    const destination = ServerName.parse(to.name);
    const text = requestText({ method, uri, origin: this.name, destination, content });
    const signature = signText(text, this.#key);
    const authorization = printXMatrix({ origin: this.name, destination, key: this.#key.keyId, signature });
    return call(method, to.url + uri, { headers: { authorization }, body: content });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
