import { Type } from '@sinclair/typebox';
import { count, flag, section, text, texts } from '../kinds.ts';

export const policyServer = section(
  'Judging the events of rooms that name this server in `m.room.policy`, before they are sent. Somebody of this server ' +
    'has to be in such a room. The key is published at `/.well-known/matrix/policy_server`.',
  {
    enabled: flag(false, 'Off: this server is no policy server. It still asks those of others.'),
    key_file: Type.Optional(
      text({
        description: 'The key; made at the first start. Without this key it is `policy.key` in `data_dir`.',
        example: './data/policy.key',
      }),
    ),
    ban_lists: texts(
      'Rooms whose `m.policy.rule.*` say who is not wanted. Somebody of this server has to be in them.',
      [],
      ['!bans:example.org'],
    ),
    max_mentions: count(20, 'People that one message may mention.'),
    refused_types: texts('Values of `msgtype`, and types of events, that are refused.', [], ['m.image', 'm.sticker']),
  },
);
