import { Type } from '@sinclair/typebox';
import { type Frozen, count, entry, section, secret, text } from './kinds.ts';
import { passwords, registration, rooms } from './sections/accounts.ts';
import { calls } from './sections/calls.ts';
import { directory } from './sections/directory.ts';
import { listeners } from './sections/listeners.ts';
import { media } from './sections/media.ts';
import { memory } from './sections/memory.ts';
import { presence } from './sections/presence.ts';
import { federation, log, outgoing, rateLimits, wellKnown } from './sections/network.ts';
import { policyServer } from './sections/policy-server.ts';
import { turn } from './sections/turn.ts';
import { websockets } from './sections/websockets.ts';

const { url, url_file } = secret('url', {
  description: 'An external PostgreSQL (15 or newer). Without it the server runs one of its own in `data_dir`.',
  secret: 'url',
  example: 'postgres://holm:password@localhost:5432/holm',
});

const database = section('Where everything is kept.', {
  url,
  url_file,
  pool_size: count(
    10,
    'Connections at most. Four stay open; others are opened while whoever waits for one would wait long.',
    1,
  ),
  statement_timeout_ms: count(30_000, 'A statement that takes longer is cancelled; 0 waits for ever.'),
});

const oldKey = entry({
  id: Type.String({ pattern: '^ed25519:[A-Za-z0-9_]+$', description: 'Name of the key.', example: 'ed25519:a_old1' }),
  key: Type.String({
    description: 'Public key in unpadded base64.',
    example: 'XGX0JRS2Af3be3knz2fBiRbApjm2Dh61gXDJA8kcJNI',
  }),
  expired_ts: Type.Integer({
    description: 'When it was last in use, in milliseconds since 1970.',
    example: 1_700_000_000_000,
  }),
});

const signing = section("This server's signature.", {
  key_file: Type.Optional(
    text({
      description: 'The signing key; made at the first start. Without this key it is `signing.key` in `data_dir`.',
      example: './data/signing.key',
    }),
  ),
  old_keys: Type.Array(oldKey, {
    default: [],
    description: 'Keys of the past, so that old events can be verified.',
    example: [
      { id: 'ed25519:a_old1', key: 'XGX0JRS2Af3be3knz2fBiRbApjm2Dh61gXDJA8kcJNI', expired_ts: 1_700_000_000_000 },
    ],
  }),
});

const limits = section('Sizes.', {
  max_body_bytes: count(1_000_000, 'Largest body of a client request that is not an upload.', 65_536),
  max_federation_body_bytes: count(10_000_000, 'Largest body of a request of another homeserver.', 65_536),
});

const delayedEvents = section(
  'Events that clients have sent later (MSC4140), such as the end of a call that breaks off.',
  {
    max_delay_ms: count(86_400_000, 'The longest delay, in milliseconds; 0 switches delayed events off.'),
    max_scheduled_per_user: count(100, 'How many each user may have waiting.', 1),
  },
);

export const schema = Type.Object(
  {
    server_name: text({
      default: 'localhost',
      format: 'mx-server-name',
      description: 'The part behind the colon in your user ids. It can never change once the server has users.',
    }),
    data_dir: text({ default: './data', description: 'Folder for keys, media and the built-in database.' }),
    public_base_url: Type.Optional(
      text({
        pattern: '^https?://',
        description:
          'Where clients reach this server. Without it: `https://` and the server name, or the first listener for `localhost`.',
        example: 'https://matrix.example.org',
      }),
    ),
    listeners,
    database,
    registration,
    passwords,
    rooms,
    directory,
    signing,
    federation,
    outgoing,
    well_known: wellKnown,
    policy_server: policyServer,
    rate_limits: rateLimits,
    limits,
    memory,
    media,
    websockets,
    delayed_events: delayedEvents,
    presence,
    calls,
    turn,
    log,
  },
  { additionalProperties: false },
);

/** The checked configuration. It keeps the names of the file, so that a search for a key finds its use. */
export type ServerConfig = Frozen<typeof schema>;
export type ListenerConfig = ServerConfig['listeners'][number];
export type RateLimitsConfig = ServerConfig['rate_limits'];
