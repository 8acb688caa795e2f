import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { encodeBase64 } from '@holm/homeserver/core/crypto/base64';
import { sha256 } from '@holm/homeserver/core/crypto/hashes';
import { type SigningKey, signingKeyFromSeed, verifyKeyOf } from '@holm/homeserver/core/crypto/keys';
import { signJson } from '@holm/homeserver/core/crypto/signing';
import { testCertificate, testCertificateKey } from '@holm/homeserver/federation/testing/tls';
import { KeyId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';

/* eslint-disable @typescript-eslint/no-explicit-any -- requests are read as they come */

interface Said {
  readonly status: number;
  readonly body: Json;
}

const PATH = '/_matrix/identity/v2';

/** Knows whose addresses are whose, and keeps invites for those of nobody. */
export class IdentityServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #key: SigningKey = signingKeyFromSeed(KeyId.parse('ed25519:0'), new Uint8Array(32).fill(77));
  /** User ids by address. */
  readonly known = new Map<string, string>();
  /** What it was asked to keep, in order. */
  readonly invites: any[] = [];
  /** Path, token and body of everything that it was asked. */
  readonly asked: (readonly [path: string, token: string | undefined, body: any])[] = [];
  /** What it says instead, by path. */
  readonly answers = new Map<string, Said>();
  pepper = 'salt';
  isKeyValid = true;

  private constructor() {
    this.#server = createServer({ cert: testCertificate, key: testCertificateKey }, (request, response) => {
      const answer = async (): Promise<void> => {
        const body = await text(request);
        const { url = '', headers } = request;
        this.asked.push([url, headers.authorization?.slice('Bearer '.length), body && JSON.parse(body)]);
        const said = this.#answerTo(url, body === '' ? undefined : JSON.parse(body));
        response.writeHead(said.status, { 'content-type': 'application/json' }).end(JSON.stringify(said.body));
      };
      answer().catch((error: unknown) => response.destroy(error as Error));
    });
  }

  static async start(): Promise<IdentityServer> {
    const identity = new IdentityServer();
    identity.#server.listen(0, '127.0.0.1');
    await once(identity.#server, 'listening');
    return identity;
  }

  /** As clients name it. */
  get name(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** That an address, for which it keeps an invite, belongs to somebody. */
  proof(user: string, { token, sender }: { token: string; sender: string }): JsonObject {
    return signJson({ mxid: user, sender, token }, 'identity.test', this.#key);
  }

  /** What it tells the server of somebody who has just proved to have the address. */
  binding(user: string, address: string): JsonObject {
    const invites = this.invites
      .filter((invite) => invite.address === address)
      .map(({ medium, room_id, sender, token }) => ({
        medium, address, room_id, sender, mxid: user, signed: this.proof(user, { token, sender }),
      })); // prettier-ignore
    return { medium: 'email', address, mxid: user, invites };
  }

  #answerTo(url: string, body: any): Said {
    const path = url.replace(PATH, '').replace(/\?.*/, '');
    return this.answers.get(path) ?? this.#usual(path, body);
  }

  #usual(path: string, body: any): Said {
    switch (path) {
      case '/hash_details':
        return { status: 200, body: { lookup_pepper: this.pepper, algorithms: ['none', 'sha256'] } };
      case '/lookup':
        return this.#lookUp(body);
      case '/store-invite':
        return this.#store(body);
      case '/pubkey/isvalid':
        return { status: 200, body: { valid: this.isKeyValid } };
      default:
        return { status: 404, body: { errcode: 'M_UNRECOGNIZED' } };
    }
  }

  #lookUp({ addresses, pepper }: any): Said {
    if (pepper !== this.pepper) {
      return { status: 400, body: { errcode: 'M_INVALID_PEPPER', error: 'x', lookup_pepper: this.pepper } };
    }
    const hashes = [...this.known].map(([address, user]) => [sha256(`${address} email ${pepper}`, 'base64url'), user]);
    return { status: 200, body: { mappings: Object.fromEntries(hashes.filter(([hash]) => addresses.includes(hash))) } };
  }

  #store(invite: any): Said {
    const token = `token${this.invites.length}`;
    this.invites.push({ ...invite, token });
    const { key } = verifyKeyOf(this.#key);
    const public_key = encodeBase64(key.export({ format: 'der', type: 'spki' }).subarray(-32));
    const key_validity_url = `https://${this.name}${PATH}/pubkey/isvalid`;
    return { status: 200, body: { token, display_name: 'e...@e...', public_keys: [{ public_key, key_validity_url }] } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
