import { RoomId } from '@holm/spec/ids';
import { UsageError } from './usage-error.ts';

interface Options {
  readonly configFile: string | undefined;
  readonly evict: boolean;
  readonly block: boolean;
}

/** What administrators do with rooms from where the server runs. */
export type RoomCommand =
  | { readonly name: 'room list'; readonly configFile: string | undefined; readonly search: string }
  | ({
      readonly name: 'room show' | 'room purge' | 'room block' | 'room quarantine' | 'room release';
      readonly room: RoomId;
    } & Options);

const VERBS = ['list', 'show', 'purge', 'block', 'quarantine', 'release'] as const;

export const roomCommand = (verb: string | undefined, names: readonly string[], options: Options): RoomCommand => {
  const known = VERBS.find((name) => name === verb);
  if (known === undefined) throw new UsageError(`"holm room" knows ${VERBS.join(', ')}`);
  if (known === 'list') return { name: 'room list', configFile: options.configFile, search: names.join(' ') };
  const [room] = names;
  if (room === undefined || names.length > 1) throw new UsageError(`"holm room ${known}" takes one room`);
  if (!RoomId.is(room)) throw new UsageError(`${room} is no id of a room; quote it, for it begins with !`);
  return { name: `room ${known}`, room, ...options };
};
