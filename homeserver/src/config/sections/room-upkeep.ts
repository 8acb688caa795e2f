import { Type } from '@sinclair/typebox';
import { count, flag, section } from '../kinds.ts';

const days = (fallback: number | 'forever', description: string) =>
  Type.Unsafe<number | 'forever'>(
    Type.Union([Type.Integer({ minimum: 0 }), Type.Literal('forever')], {
      default: fallback,
      description,
      expected: '`forever`, or a number of days',
    }),
  );

const lifetime = (description: string, example: number) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 53 - 1, description, example }));

const DAY_MS = 24 * 3_600_000;

/** What is taken away from rooms with time, and when. */
export const roomUpkeep = {
  redacted_content_days: days(
    7,
    'How long the content of redacted events is kept, for moderators of the room and administrators. 0: not at all.',
  ),
  forgotten_room_days: days(
    28,
    'Rooms that all users of this server have left and forgotten are removed after this time, and so are rooms that ' +
      'nobody here got into.',
  ),
  forget_on_leave: flag(
    false,
    'Whoever leaves a room, or is removed from it, forgets it with that; clients are told so.',
  ),
  retention: section('How long messages are kept. State of rooms, such as names and memberships, always stays.', {
    enabled: flag(false, 'Off: messages are kept for ever, whatever rooms say in `m.room.retention`.'),
    default_max_lifetime_ms: lifetime('For rooms that say nothing. Without it: for ever.', 365 * DAY_MS),
    allowed_lifetime_min_ms: lifetime('No room shortens the life of messages on this server below that.', DAY_MS),
    allowed_lifetime_max_ms: lifetime('No room has messages kept on this server for longer.', 2 * 365 * DAY_MS),
    purge_interval_minutes: count(
      60,
      'How often what has expired is removed from the disk. It is not shown any more from the moment that it expires.',
      1,
    ),
  }),
};
