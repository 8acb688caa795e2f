import type { RoomNid } from '../../../rooms/model.ts';
import type { Keys } from '../../../streams/logged-changes.ts';
import type { Position } from '../../../streams/stream.ts';
import { type DeviceListNews, isSilent, type Reader, type SyncPart } from '../../../streams/sync-part.ts';
import type { Extension, ExtensionsAnswer, ExtensionsAsk, PartAsk, PartTold } from './extensions-ask.ts';
import type { Scope, ScopedExtension } from './request.ts';

/** Which extension tells of a part's news, by the name of the part's stream. Parts with no name here are not told. */
const EXTENSION_OF: Readonly<Record<string, Extension>> = {
  account_data: 'accountData',
  receipts: 'receipts',
  typing: 'typing',
  'to-device': 'toDevice',
  'device lists': 'e2ee',
  'thread subscriptions': 'threads',
};
const START = 0 as Position;
export const EVERYWHERE: Scope = { lists: undefined, rooms: undefined };
const NOWHERE: ReadonlySet<RoomNid> = new Set();
export const NO_CHANGES: DeviceListNews = { changed: [], left: [] };
const NOTHING_LOOSE = { global: [], rooms: new Map() };
const SILENT: Readonly<Record<ScopedExtension | 'e2ee', ExtensionsAnswer>> = {
  accountData: { accountData: NOTHING_LOOSE },
  receipts: { receipts: new Map() },
  typing: { typing: new Map() },
  e2ee: { e2ee: { lists: NO_CHANGES, counts: undefined } },
};

/** What a part is asked: its place among those of a token, and the stretch of its stream. */
export const placeOf = ({ after, upTo }: ExtensionsAsk, part: SyncPart, number: number): PartAsk => ({
  part,
  number,
  after: after?.[number] ?? START,
  upTo: upTo[number] ?? START,
});

export const extensionOf = ({ stream }: SyncPart): Extension | undefined => EXTENSION_OF[stream.name];

/** By which extension the reader asks for what a part tells, if they do. */
export const askedOf = ({ extensions }: ExtensionsAsk, part: SyncPart): Extension | undefined => {
  const extension = extensionOf(part);
  return extension !== undefined && extensions[extension] !== undefined ? extension : undefined;
};

/** Whether there is nothing to tell of what is asked for, as far as memory knows. */
export const isSilentIn = (ask: ExtensionsAsk, extension: Extension, { part, after, upTo }: PartAsk): boolean => {
  if (extension === 'toDevice') {
    const { settled } = part.stream;
    return isSilent(part, readerOf(ask, nowhere), { after: sinceIn(ask, settled), upTo: settled });
  }
  if (extension === 'threads') return isSilent(part, readerOf(ask, nowhere), { after, upTo });
  if (extension === 'e2ee')
    return ask.after !== undefined && isSilent(part, readerOf(ask, ask.joined), { after, upTo });
  return isSilentInRooms(ask, extension, { part, after, upTo });
};

const isSilentInRooms = (
  ask: ExtensionsAsk,
  extension: ScopedExtension,
  { part, after, upTo }: Omit<PartAsk, 'number'>,
): boolean => {
  const told = ask.toldScopes[extension];
  if (told === undefined || told !== ask.scopes[extension]) return false;
  if (!ask.isAnyBehind && after >= upTo && part.watchesRooms !== true) return true;
  const { behind, steady } = ask.rooms(extension, ask.extensions[extension] ?? EVERYWHERE);
  return (
    behind.length === 0 &&
    isSilent(
      part,
      readerOf(ask, () => steady),
      { after, upTo },
    )
  );
};

/** What is told where there is nothing. */
export const silence = (ask: ExtensionsAsk, extension: Extension, { part, upTo }: PartAsk): PartTold => {
  if (extension !== 'toDevice') return { answer: silentAnswer(ask, extension), reached: upTo, isNews: false };
  const { settled } = part.stream;
  return { answer: { toDevice: { events: [], nextBatch: String(settled) } }, reached: settled, isNews: false };
};

const silentAnswer = ({ extensions }: ExtensionsAsk, extension: Exclude<Extension, 'toDevice'>): ExtensionsAnswer => {
  if (extension === 'threads') return { threads: { name: extensions.threads?.name ?? '', content: undefined } };
  return SILENT[extension];
};

/** How far the device has got with its messages, by its own account. */
export const sinceIn = ({ extensions: { toDevice } }: ExtensionsAsk, settled: Position): Position =>
  toDevice?.since === undefined ? START : placeIn(toDevice.since, settled);

export const nowhere = (): ReadonlySet<RoomNid> => NOWHERE;

export const readerOf = ({ viewer, after, upTo }: ExtensionsAsk, rooms: () => Keys<RoomNid>): Reader => ({
  ...viewer,
  rooms,
  timeline: { after: after?.[0] ?? START, upTo: upTo[0] ?? START },
});

/** A place in a stream, as the `next_batch` of an extension names it; the start for what is none of ours. */
export const placeIn = (since: string, settled: Position): Position => {
  const place = /^\d{1,15}$/.test(since) ? Number(since) : 0;
  return Math.min(place, settled) as Position;
};
