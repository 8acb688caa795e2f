import { Type } from '@sinclair/typebox';
import { count, flag, oneOf, section, table, text, texts } from '../kinds.ts';

// Loopback, private, shared, link-local, multicast, documentation and other ranges that no public server lives in:
// the IANA special-purpose registries. IPv4 ranges also cover their forms inside IPv6 (mapped, NAT64, 6to4).
export const PRIVATE_RANGES = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/127',
  '100::/64',
  '2001:db8::/32',
  'fc00::/7',
  'fe80::/9',
  'ff00::/8',
] as const;

export const federation = section('Talking to other homeservers.', {
  enabled: flag(true, 'Off: this server is an island; rooms stay on it.'),
  trusted_ca_file: Type.Optional(
    text({
      description: 'PEM file of certificate authorities believed besides the usual ones.',
      example: '/etc/holm/ca.pem',
    }),
  ),
  overrides: table(
    Type.String({ pattern: '^(http://)?(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?$' }),
    'Where to find a server, by its name: `host`, `host:port`, or `http://host:port` to speak without TLS. In place of ' +
      'discovery; the ranges that are never contacted do not apply.',
    { 'matrix.example.org': '192.0.2.7:8448' },
  ),
  allow: texts('When not empty: the only servers to talk to. `*` stands for any text.', [], ['*.example.org']),
  deny: texts('Servers never talked to. `*` stands for any text.', [], ['bad.example.net']),
  trusted_key_servers: texts(
    'Servers asked for the keys of others that cannot be reached.',
    [],
    ['matrix.example.net'],
  ),
  max_backoff_ms: count(24 * 3_600_000, 'Longest pause before an unreachable server is tried again.', 1),
});

const outgoingClass = (description: string, timeoutMs: number) =>
  section(description, {
    allow_private_addresses: flag(false, 'For test set-ups: `denied_ip_ranges` does not apply to these requests.'),
    verify_certificates: flag(true, 'For test set-ups: `false` believes any certificate.'),
    timeout_ms: count(timeoutMs, 'A request that takes longer is given up.', 1),
  });

export const OUTGOING_CLASSES = ['federation', 'well_known', 'media', 'previews', 'push', 'identity'] as const;
export type OutgoingClass = (typeof OUTGOING_CLASSES)[number];

export const outgoing = section('Requests that this server makes because users or other servers cause them.', {
  denied_ip_ranges: texts('IP ranges never contacted. A list given here replaces the default.', PRIVATE_RANGES),
  federation: outgoingClass('Requests to other homeservers.', 60_000),
  well_known: outgoingClass('Reading `/.well-known/matrix/server` of other domains.', 10_000),
  media: outgoingClass('Files of other servers that are elsewhere than these.', 120_000),
  previews: outgoingClass('Pages that links in messages lead to.', 10_000),
  push: outgoingClass('Notifications to push gateways.', 30_000),
  identity: outgoingClass('Asking identity servers, which clients name, about invites to addresses.', 10_000),
});

export const wellKnown = section('What `/.well-known/matrix/` tells. Served where a listener has `well_known`.', {
  server: Type.Optional(
    text({
      description:
        'Name and port where other homeservers reach this one. Without it `/.well-known/matrix/server` is absent.',
      example: 'matrix.example.org:443',
    }),
  ),
  client: table(Type.Unknown(), 'More members of `/.well-known/matrix/client`.', {
    'org.example.hint': { text: 'welcome' },
  }),
  policy_server_key: Type.Optional(
    text({
      description:
        'Public Ed25519 key (unpadded base64) of another program that is the policy server of this name: ' +
        '`/.well-known/matrix/policy_server`. Homeservers ask it at `/_matrix/policy/v1/sign`, which a proxy has to ' +
        'lead to it.',
      example: '6yhHGKhCiXTSEN2ksjV7kX_N6rBQZ3Xb-M7LlC6NS-s',
    }),
  ),
  support: section('Who to turn to: `/.well-known/matrix/support`.', {
    admin_user: Type.Optional(text({ description: 'Matrix id of the administrator.', example: '@admin:example.org' })),
    admin_email: Type.Optional(text({ description: 'Their e-mail address.', example: 'admin@example.org' })),
    page: Type.Optional(text({ description: 'A page with help.', example: 'https://example.org/help' })),
  }),
});

const rate = (perSecond: number, burst: number, what: string) =>
  Type.Union(
    [
      Type.Literal('off'),
      Type.Object(
        { per_second: Type.Number({ exclusiveMinimum: 0 }), burst: Type.Integer({ minimum: 1 }) },
        { additionalProperties: false },
      ),
    ],
    {
      default: { per_second: perSecond, burst },
      description: what,
      expected: '`off`, or `per_second` and `burst`',
    },
  );

export const rateLimits = section(
  'How often one may ask: `burst` times at once and `per_second` in the long run, or `off`. Counted per user, or per ' +
    'address where there is no user yet.',
  {
    login: rate(0.2, 10, 'Log-in attempts.'),
    registration: rate(0.1, 10, 'New accounts.'),
    message: rate(10, 50, 'Events sent to rooms.'),
    join: rate(1, 20, 'Joining and creating rooms.'),
    invite: rate(1, 20, 'Invitations.'),
    directory: rate(2, 20, 'Searches in directories.'),
    media: rate(30, 300, 'Files sent, read and shown small.'),
    call: rate(5, 100, 'Asking for tokens with which to come into calls.'),
    other: rate(50, 300, 'Everything else that users ask.'),
    federation: rate(50, 500, 'Requests of each other homeserver.'),
    policed: rate(1, 30, 'Messages of one user to a room that this server is the policy server of.'),
  },
);

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export const log = section('Log lines: JSON on standard output.', {
  level: oneOf([...LEVELS, 'silent'] as const, { default: 'info', description: 'debug, info, warn, error or silent.' }),
  areas: table(oneOf(LEVELS), 'Another level for some areas.', { http: 'debug' }),
});
