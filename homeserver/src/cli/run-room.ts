import type { RoomId } from '@holm/spec/ids';
import type { RoomCommand } from './room-command.ts';

interface Summary {
  readonly roomId: RoomId;
  readonly version: string;
  readonly name: string | undefined;
  readonly joined: number;
  readonly local: number;
  readonly extremities: number;
  readonly hold: { readonly kind: string; readonly reason: string | undefined } | undefined;
}

interface Details {
  readonly summary: Summary;
  readonly size: Readonly<Record<'servers' | 'events' | 'bytes' | 'state', number>>;
  readonly aliases: readonly string[];
  readonly jobs: readonly { readonly kind: string; readonly state: string; readonly error: string | undefined }[];
}

/** What the commands about rooms need of the administration of rooms. */
export interface RoomsPort extends AsyncDisposable {
  list(query: { from?: number; search?: string }): Promise<{ rooms: readonly Summary[]; next: number | undefined }>;
  details(room: RoomId): Promise<Details>;
  hold(
    hold: { roomId: RoomId; kind: 'blocked' | 'quarantined'; readable: boolean; reason: undefined },
    by: string,
  ): Promise<unknown>;
  lift(room: RoomId): Promise<void>;
  deleteRoom(
    room: RoomId,
    how: { evict: boolean; block: boolean; reason: undefined },
    by: string,
  ): Promise<{ id: number }>;
}

/** Who has done it, where no user has. */
const BY = 'the command line';

/** Resolves to what there is to say. */
export const runRoom = async (command: RoomCommand, rooms: RoomsPort): Promise<string> => {
  if (command.name === 'room list') return listText(rooms, command.search);
  const { name, room, evict, block } = command;
  switch (name) {
    case 'room show':
      return detailsText(await rooms.details(room));
    case 'room purge': {
      const { id } = await rooms.deleteRoom(room, { evict, block, reason: undefined }, BY);
      return `job ${id} removes ${room}; the server begins within a minute, and goes on after a restart\n`;
    }
    case 'room block':
    case 'room quarantine': {
      const kind = name === 'room block' ? 'blocked' : 'quarantined';
      await rooms.hold({ roomId: room, kind, readable: true, reason: undefined }, BY);
      return `${room} is ${kind}; a server that is running hears of it within a minute\n`;
    }
    case 'room release':
      await rooms.lift(room);
      return `nothing holds ${room} any more; a server that is running hears of it within a minute\n`;
  }
};

const listText = async (rooms: RoomsPort, search: string): Promise<string> => {
  const lines: string[] = [];
  for (let from: number | undefined = 0; from !== undefined;) {
    const page = await rooms.list({ from, ...(search !== '' && { search }) });
    lines.push(...page.rooms.map(lineOf));
    from = page.next;
  }
  return lines.length === 0 ? 'there is no such room\n' : `${lines.join('\n')}\n`;
};

const lineOf = ({ roomId, name, joined, local, hold }: Summary): string =>
  [
    roomId,
    `${joined} joined, ${local} here`,
    ...(hold ? [hold.kind] : []),
    ...(name === undefined ? [] : [plain(name)]),
  ].join('  ');

const detailsText = ({ summary, size, aliases, jobs }: Details): string => {
  const rows: readonly (readonly [string, string | number])[] = [
    ['room', summary.roomId],
    ['name', plain(summary.name ?? '')],
    ['version', summary.version],
    ['joined', `${summary.joined} of ${size.servers} servers, ${summary.local} here`],
    ['events', `${size.events}, ${size.bytes} bytes`],
    ['state', size.state],
    ['loose ends', summary.extremities],
    ['aliases', aliases.join(' ')],
    [
      'held',
      [summary.hold?.kind, summary.hold?.reason]
        .filter(Boolean)
        .map((text) => plain(text ?? ''))
        .join(': '),
    ],
    ...jobs.map(
      ({ kind, state, error }) =>
        ['job', `${kind}: ${state}${error === undefined ? '' : `, ${plain(error)}`}`] as const,
    ),
  ];
  return rows
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name.padEnd(11)} ${value}\n`)
    .join('');
};

/** Names of rooms are whatever somebody wrote: nothing of it gets to move the cursor. */
const plain = (text: string): string => text.replaceAll(/\p{C}/gu, ' ');
