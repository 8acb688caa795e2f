import { flag, oneOf, section } from '../kinds.ts';

export const directory = section('The directories: published rooms, and people.', {
  publishing: oneOf(['everybody', 'administrators'], {
    default: 'everybody',
    description:
      'Who may have rooms listed as public: everybody for the rooms in which they may set the main alias, or only administrators.',
  }),
  anonymous: flag(true, 'The list of public rooms is shown to people who are not logged in.'),
  over_federation: flag(true, 'The list of public rooms is shown to other homeservers.'),
  search_all_users: flag(
    false,
    'People find everybody who has an account here, not only those who share a room with them or are in a public one.',
  ),
});
