import { Type } from '@sinclair/typebox';
import { count, flag, section, text, texts } from '../kinds.ts';

const limits = section('What one call and one participant may use. Whoever asks for more is refused.', {
  participants: count(150, 'Participants of one call.', 2),
  participants_of_other_server: count(100, 'Participants from one other server, in all calls together.'),
  tracks: count(
    8,
    'What one participant may send at once: a camera, a microphone, a screen and its sound are four.',
    1,
  ),
  participants_of_user: count(
    10,
    'How often one user may be in calls, all together: with several devices, or in several calls.',
    1,
  ),
  incoming_kbit: count(
    6_000,
    'What one participant may send, in kilobit per second. Clients are told; who sends half as much again is sent away.',
    100,
  ),
  track_kbit: count(
    5_000,
    'What may come of one track, all its layers together, in kilobit per second. Who sends half as much again is sent away.',
    100,
  ),
  streams_per_worker: count(
    500,
    'Streams that one worker sends to participants. Whoever comes to a call when its worker has as many is put on another ' +
      'one; nobody is let in when all have.',
    1,
  ),
});

export const calls = section('Voice and video calls. Their media goes through this server, on ports of its own.', {
  enabled: flag(true, 'Off: calls are neither announced nor served, and no media worker runs.'),
  workers: count(0, 'Media workers, each of which is a process that uses one core; 0 runs one for each core.'),
  port: Type.Integer({
    default: 7_882,
    minimum: 0,
    maximum: 65_000,
    description:
      'UDP and TCP port of the first worker; each further one takes the next. Clients must reach them: open them in ' +
      'the firewall. 0 takes free ones.',
  }),
  addresses: texts(
    'Addresses of this machine that the workers use. Without them, all but loopback, containers and link-local ones.',
    [],
    ['192.0.2.7'],
  ),
  announced_addresses: texts(
    'What clients are told instead, one for each of IPv4 and IPv6, where others reach this machine by another address. ' +
      'Without them, for each of the two of which it has inner addresses only, what the host of `public_base_url` resolves to.',
    [],
    ['198.51.100.4'],
  ),
  worker: Type.Optional(
    text({
      description:
        'The media worker, a program. Without it, the one that was got for this machine; MEDIASOUP_WORKER_BIN is the same.',
      example: '/usr/local/bin/mediasoup-worker',
    }),
  ),
  users_of_other_servers_may_send: flag(
    true,
    'Older clients of other servers send to the SFU of whoever came first, which may be this one. Newer ones send to ' +
      'that of their own server, and are never let send to this one.',
  ),
  limits,
});
