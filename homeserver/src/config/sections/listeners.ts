import { Type } from '@sinclair/typebox';
import { count, entry, oneOf, text, texts } from '../kinds.ts';

/** What a listener may serve. */
export const RESOURCES = ['client', 'federation', 'media', 'well_known', 'web_client', 'health', 'metrics'] as const;
export type Resource = (typeof RESOURCES)[number];

// Loopback only: a server that was started to be looked at must not offer passwords over plain HTTP to the whole
// network. Whoever puts it on the internet sets the name, and writes a listener or puts a proxy on the same machine.
const LOOPBACK = ['127.0.0.1', '::1'];
const DEFAULT_PORT = 8008;

const listener = entry({
  address: Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
    default: LOOPBACK,
    description:
      'One address or a list. The default is this machine only; `::` is every address that it has, IPv4 included.',
  }),
  port: Type.Integer({
    default: DEFAULT_PORT,
    minimum: 0,
    maximum: 65_535,
    description: 'TCP port; 0 takes a free one.',
  }),
  tls: Type.Optional(
    Type.Object(
      {
        certificate: text({
          description: 'PEM file with the certificate and its chain.',
          example: '/etc/holm/fullchain.pem',
        }),
        key: text({ description: 'PEM file with the private key.', example: '/etc/holm/privkey.pem' }),
        hsts_seconds: count(
          0,
          'Tells browsers to insist on HTTPS for this long (`Strict-Transport-Security`); 0 does not.',
        ),
      },
      {
        additionalProperties: false,
        description: 'Serve HTTPS (TLS 1.2 and 1.3). The files are read again when they change.',
      },
    ),
  ),
  resources: Type.Array(oneOf(RESOURCES), {
    default: [...RESOURCES],
    description:
      `What is served here: ${RESOURCES.join(', ')}. Where \`metrics\` shares a listener with other things, it answers ` +
      'only to this machine; a listener of its own answers to whoever reaches it.',
  }),
  trusted_proxies: texts(
    'Addresses or ranges of reverse proxies whose `X-Forwarded-For` is believed.',
    [],
    ['127.0.0.1', '10.0.0.0/8'],
  ),
});

export const listeners = Type.Array(listener, {
  minItems: 1,
  default: [{ address: LOOPBACK, port: DEFAULT_PORT, resources: [...RESOURCES], trusted_proxies: [] }],
  description: 'Where the server listens. A list given here replaces the default listener.',
});
