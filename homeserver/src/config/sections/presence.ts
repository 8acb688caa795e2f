import { count, flag, section } from '../kinds.ts';

export const presence = section('Who is online, as people who share a room see it of each other.', {
  enabled: flag(true, 'Off: everybody is shown as offline, and nothing is said or heard of it.'),
  federation: flag(true, 'Off: only people on this server see it of each other.'),
  max_room_members: count(
    500,
    'Rooms with more members do not count: to share one is not enough to see each other, because telling everybody there ' +
      'of everybody is what makes presence costly. 0: all rooms count.',
  ),
  idle_after_ms: count(300_000, 'Who has done nothing for so long is shown as idle, in milliseconds.', 1_000),
});
