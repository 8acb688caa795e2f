import { Type } from '@sinclair/typebox';
import { count, secret, section } from '../kinds.ts';

export const turn = section(
  'A TURN server of your own: for calls between two clients of the older kind, and for networks that do not let users ' +
    'of this server through to the ports of `calls`.',
  {
    uris: Type.Array(Type.String({ pattern: '^turns?:' }), {
      default: [],
      description: 'Where it is. Without any, clients are told that there is none.',
      example: ['turn:turn.example.org?transport=udp', 'turns:turn.example.org?transport=tcp'],
    }),
    ...secret('shared_secret', {
      description: 'The secret that it shares with this server; `static-auth-secret` of coturn.',
      example: 'change me',
    }),
    ttl_seconds: count(86_400, 'For how long clients may use what they are given.', 60),
  },
);
