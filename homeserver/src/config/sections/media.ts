import { Type } from '@sinclair/typebox';
import { count, flag, section, text, texts } from '../kinds.ts';

export const media = section('Files that people send: what they may, and how long those of other servers are kept.', {
  path: Type.Optional(
    text({
      description: 'Folder for the files. Without this key it is `media` in `data_dir`.',
      example: '/var/lib/holm/media',
    }),
  ),
  max_upload_bytes: count(50_000_000, 'The largest file that may be sent. A proxy in front has a limit of its own.', 1),
  quota_bytes_per_user: count(
    10_000_000_000,
    'What each user may keep here in all; 0 is no limit. A small file counts as 4 kB.',
  ),
  max_pending_uploads: count(10, 'How many files each user may announce without sending them.', 1),
  unused_upload_hours: count(24, 'How long a file that was announced may be sent.', 1),
  max_remote_bytes: count(100_000_000, 'The largest file that is taken from another server.', 1),
  keep_remote_days: count(
    30,
    'Files of other servers that nobody here has looked at for so long are removed, and fetched again when somebody does; ' +
      '0 keeps them.',
  ),
  remote_cache_bytes: count(20_000_000_000, 'How much of files of other servers is kept in all; 0 is no limit.'),
  max_picture_pixels: count(
    50_000_000,
    'Pictures with more are not made small: it would take too much memory. All frames of an animation count.',
    1,
  ),
  picture_processes: count(2, 'How many pictures are made small at once. Each takes a process and a core.', 1),
  url_previews: section(
    'What pages say of themselves, shown beside links to them. This server fetches the pages, and so learns which links ' +
      'are in rooms that are not encrypted; clients do not ask for those in encrypted ones.',
    {
      enabled: flag(false, 'Whether links are looked at.'),
      denied_hosts: texts('Hosts whose pages are not fetched. `*` stands for any text.', [], ['*.example.org']),
      max_picture_bytes: count(10_000_000, 'The largest picture of a page that is fetched.', 1),
      keep_minutes: count(60, 'For how long a page is not asked again.', 1),
    },
  ),
  allow_unauthenticated: flag(
    false,
    'Files are given to whoever knows their address, token or not, as in old times. When this is switched off again, ' +
      'what came while it was on stays readable that way.',
  ),
});
