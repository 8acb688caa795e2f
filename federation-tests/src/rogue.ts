import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signingKeyFromSeed } from '@holm/homeserver/core/crypto/keys';
import { signText } from '@holm/homeserver/core/crypto/signing';
import { canonicalJson } from '@holm/homeserver/core/json/canonical';
import { printXMatrix, requestText } from '@holm/homeserver/federation/client/x-matrix';
import { publishedKeys } from '@holm/homeserver/federation/keyring/own-keys';
import type { Clock } from '@holm/homeserver/platform/clock';
import { KeyId, ServerName } from '@holm/spec/ids';
import type { Json } from '@holm/spec/json';
import { type Answer, call } from './http.ts';
import type { TestServer } from './server.ts';

/** A server that knows how to sign, and says whatever it likes. It answers nothing but what its key is. */
export class Rogue implements AsyncDisposable {
  readonly name: ServerName;
  readonly #key = signingKeyFromSeed(KeyId.parse('ed25519:rogue'), new Uint8Array(32).fill(13));
  readonly #server: Server;

  private constructor(name: ServerName, clock: Clock) {
    this.name = name;
    this.#server = createServer((request, response) => {
      const isKey = request.url?.startsWith('/_matrix/key/v2/server') === true;
      const keys = publishedKeys({ serverName: name, signing: [this.#key], old: [] }, clock.now());
      response.writeHead(isKey ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(isKey ? keys : { errcode: 'M_UNRECOGNIZED' }));
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

  /** A request with a valid signature. */
  send(to: TestServer, method: string, uri: string, body?: Json): Promise<Answer> {
    const content = method === 'GET' ? undefined : canonicalJson(body ?? {}, 'lenient');
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
