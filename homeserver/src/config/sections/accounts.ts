import { Type } from '@sinclair/typebox';
import { count, flag, oneOf, secret, section, texts } from '../kinds.ts';
import { roomUpkeep } from './room-upkeep.ts';

export const registration = section('Who may make an account. By default nobody but the holder of a sign-up link.', {
  open: flag(false, 'Anybody who reaches the server may register. Expect abuse.'),
  tokens: texts('Registration tokens: whoever knows one may register.', [], ['a-long-word-for-the-family']),
  ...secret('shared_secret', {
    description: 'Lets programs that know it make accounts (`/_synapse/admin/v1/register`).',
    example: 'a long random text',
  }),
  min_password_length: count(8, 'Shorter passwords are refused.', 1),
});

export const passwords = section('How passwords are stored.', {
  password_hash_cost: Type.Integer({
    default: 15,
    minimum: 4,
    maximum: 20,
    description:
      'Work per password check, as a power of two (scrypt N). Test set-ups lower it to be quick; a real server does not.',
  }),
});

export const rooms = section('What new rooms are like, and what becomes of rooms with time.', {
  default_version: oneOf(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12'], {
    default: '12',
    description: 'Room version when the client does not ask for one.',
  }),
  omit_members_from: count(
    100,
    'Rooms with so many members are told to servers that join them without their members first, if these ask for that: ' +
      'they are quicker in the room, and fetch the members then.',
    0,
  ),
  ...roomUpkeep,
});
