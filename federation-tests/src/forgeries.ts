import { type SigningKey, signingKeyFromSeed } from '@holm/homeserver/core/crypto/keys';
import { signText } from '@holm/homeserver/core/crypto/signing';
import { printXMatrix, requestText } from '@holm/homeserver/federation/client/x-matrix';
import { publishedKeys } from '@holm/homeserver/federation/keyring/own-keys';
import type { Clock, UnixMillis } from '@holm/homeserver/platform/clock';
import { KeyId, ServerName } from '@holm/spec/ids';
import type { Rogue } from './rogue.ts';

export interface Signable {
  readonly method: string;
  readonly uri: string;
  /** The body; absent when there is none. */
  readonly content: string | undefined;
}

/** Servers whose keys are not good for requests, by what is wrong with them. Each is to be started as a `Rogue`. */
export const BAD_KEYS = {
  'other.test': 'another key under the same name',
  'stale.test': 'keys that have expired',
  'retired.test': 'its key among the old ones',
  'mute.test': 'keys that it does not tell',
} as const;

const another = (id: KeyId) => signingKeyFromSeed(id, new Uint8Array(32).fill(7));
const WEEK_MS = 7 * 24 * 3_600_000;

/** Makes a server answer the question for its keys as its name says. */
export const spoilKeys = (rogue: Rogue, clock: Clock): void => {
  const { server: serverName, key } = rogue.signer;
  const replaced = { serverName, signing: [another(key.keyId)] as const, old: [] };
  const publicKey = key.publicKey;
  const old = [{ keyId: key.keyId, publicKey, expiredAt: (clock.now() - 1) as UnixMillis }];
  const answers: Readonly<Record<string, () => object>> = {
    'other.test': () => publishedKeys(replaced, clock.now()),
    'stale.test': () => publishedKeys({ ...replaced, signing: [key] }, (clock.now() - WEEK_MS) as UnixMillis),
    'retired.test': () =>
      publishedKeys({ ...replaced, signing: [another(KeyId.parse('ed25519:new'))], old }, clock.now()),
  };
  const answer = answers[serverName];
  rogue.answers.set('/_matrix/key/v2/server', () =>
    answer ? { status: 200, body: answer() as never } : { status: 500, body: {} },
  );
};

const signed = (
  { method, uri, content }: Signable,
  key: SigningKey,
  {
    origin,
    destination = 'a.test',
    claimed = {},
  }: { origin: string; destination?: string; claimed?: { destination?: string } },
): string => {
  const [from, to] = [ServerName.parse(origin), ServerName.parse(destination)];
  const signature = signText(requestText({ method, uri, origin: from, destination: to, content }), key);
  const named = claimed.destination === undefined ? to : ServerName.parse(claimed.destination);
  return printXMatrix({ origin: from, destination: named, key: key.keyId, signature });
};

/** Authorizations of a request to a.test that are good for nothing, by what is wrong with them. */
export const forgeries = (request: Signable, rogue: Rogue): Readonly<Record<string, string | undefined>> => {
  const { key, server: origin } = rogue.signer;
  const unheardOf = another(KeyId.parse('ed25519:unheard'));
  return {
    'no signature': undefined,
    'the token of a user': 'Bearer token',
    'nothing but a name': `X-Matrix origin="${origin}"`,
    'a signature that is none': `X-Matrix origin="${origin}",key="${key.keyId}",sig="!"`,
    'two origins': `X-Matrix origin="a.test",${signed(request, key, { origin }).slice('X-Matrix '.length)}`,
    'the signature of another method': signed({ ...request, method: 'DELETE' }, key, { origin }),
    'the signature of another address': signed({ ...request, uri: `${request.uri}x` }, key, { origin }),
    'the signature of another body': signed({ ...request, content: '{"other":1}' }, key, { origin }),
    'another destination': signed(request, key, { origin, destination: 'b.test' }),
    'another destination than it was signed for': signed(request, key, {
      origin, destination: 'b.test', claimed: { destination: 'a.test' },
    }), // prettier-ignore
    'the name of the server that is asked': signed(request, key, { origin: 'a.test' }),
    'a key that nobody has heard of': signed(request, unheardOf, { origin }),
    ...Object.fromEntries(
      Object.entries(BAD_KEYS).map(([name, what]) => [what, signed(request, key, { origin: name })]),
    ),
  };
};
