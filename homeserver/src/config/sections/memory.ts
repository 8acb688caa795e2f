import { count, section } from '../kinds.ts';

export const memory = section('What the server remembers, so that it need not ask the database.', {
  cache_mb: count(
    48,
    'Megabytes at most for events (two thirds) and states of rooms (one third); rooms that are in use, with their newest events, take as much ' +
      'again at most. With less it is slower where many rooms are active; ' +
      'a server of thousands of people does well with some hundred.',
    4,
  ),
});
