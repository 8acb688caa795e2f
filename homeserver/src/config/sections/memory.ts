import { count, section } from '../kinds.ts';

export const memory = section('What the server remembers, so that it need not ask the database.', {
  cache_mb: count(
    48,
    'Megabytes at most for events (two thirds) and states of rooms (one third). As much again at most take, each, rooms that are in use, with ' +
      'their newest events; in which rooms people are who are here; and what their clients have been told (sliding sync). With less it is ' +
      'slower where many rooms are active; a server of thousands of people does well with some hundred.',
    4,
  ),
});
