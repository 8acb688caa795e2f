import type { RoomId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import type { Caller } from '../../../http/route.ts';
import type { RoomNid } from '../../../rooms/model.ts';
import type { Keys } from '../../../streams/logged-changes.ts';
import type { Position, Stream } from '../../../streams/stream.ts';
import type { DeviceListNews, KeyCounts, LooseEvent, News, Reader, SyncPart } from '../../../streams/sync-part.ts';
import type { JsonText } from '../json-text.ts';
import type { Scopes } from './connection.ts';
import type { ProfilesAnswer } from './profiles-extension.sync.ts';
import type { Extensions, Scope, ScopedExtension } from './request.ts';
import type { Behind, ScopeOfRooms } from './scoped-rooms.ts';

export interface ToDeviceAnswer {
  readonly events: readonly LooseEvent[];
  readonly nextBatch: string;
}

export interface StickyAnswer {
  readonly name: string;
  readonly nextBatch: string | undefined;
  readonly rooms: ReadonlyMap<RoomId, readonly JsonText[]>;
}

export interface ExtensionsAnswer {
  readonly accountData?: {
    readonly global: readonly LooseEvent[];
    readonly rooms: ReadonlyMap<RoomId, readonly LooseEvent[]>;
  };
  readonly receipts?: ReadonlyMap<RoomId, JsonObject>;
  readonly typing?: ReadonlyMap<RoomId, JsonObject>;
  readonly toDevice?: ToDeviceAnswer;
  readonly stickyEvents?: StickyAnswer | undefined;
  readonly threads?: { readonly name: string; readonly content: JsonObject | undefined };
  readonly profiles?: ProfilesAnswer | undefined;
  readonly e2ee?: { readonly lists: DeviceListNews | undefined; readonly counts: KeyCounts | undefined };
}

export interface ExtensionsAsk {
  readonly viewer: Caller;
  readonly extensions: Extensions;
  /** The rooms that an extension tells of. */
  readonly rooms: (name: ScopedExtension, scope: Scope) => ScopeOfRooms;
  /** Of which rooms each scoped extension told before, as text; absent for those that have told nothing yet. */
  readonly toldScopes: Scopes;
  readonly scopes: Scopes;
  readonly after: readonly Position[] | undefined;
  readonly upTo: readonly Position[];
  readonly joined: () => Keys<RoomNid>;
}

export interface ExtensionsTold {
  readonly answer: ExtensionsAnswer;
  readonly isNews: boolean;
  /** Rooms that the reader has read on in. */
  readonly read: ReadonlySet<RoomId>;
  /** By the number of the part. */
  readonly reached: readonly Position[];
}

/** Which extension tells of a part's news, by the name of the part's stream. Parts with no name here are not told. */
const EXTENSION_OF: Readonly<Record<string, ScopedExtension | 'toDevice' | 'e2ee' | 'threads'>> = {
  account_data: 'accountData',
  receipts: 'receipts',
  typing: 'typing',
  'to-device': 'toDevice',
  'device lists': 'e2ee',
  'thread subscriptions': 'threads',
};
const START = 0 as Position;
const EVERYWHERE: Scope = { lists: undefined, rooms: undefined };
const NOWHERE: ReadonlySet<RoomNid> = new Set();

/** What is told beside rooms. A position moves on only where its extension is asked for. */
export class ExtensionParts {
  readonly #parts: readonly SyncPart[];

  constructor(parts: readonly SyncPart[]) {
    this.#parts = parts;
  }

  /** Where a stream's position is among those of an answer. */
  numberOf(stream: Stream): number {
    return 1 + this.#parts.findIndex((part) => part.stream === stream);
  }

  async told(ask: ExtensionsAsk): Promise<ExtensionsTold> {
    const told = await Promise.all(this.#parts.map((part, i) => this.#tell(ask, part, i + 1)));
    const answer = Object.assign({}, ...told.map(({ answer }) => answer)) as ExtensionsAnswer;
    return {
      answer: ask.extensions.e2ee ? { ...answer, e2ee: await this.#withCounts(ask, answer) } : answer,
      isNews: told.some(({ isNews }) => isNews),
      read: new Set(told.flatMap(({ read = [] }) => read)),
      reached: told.map(({ reached }) => reached),
    };
  }

  /** The device has the messages before that: they need not be kept. */
  async acknowledge(viewer: Caller, { toDevice }: Extensions): Promise<void> {
    const part = this.#parts.find(({ stream }) => EXTENSION_OF[stream.name] === 'toDevice');
    if (toDevice?.since === undefined || !part) return;
    await part.acknowledge?.(viewer, placeIn(toDevice.since, part.stream.settled));
  }

  #tell(ask: ExtensionsAsk, part: SyncPart, number: number): Promise<PartTold> {
    const after = ask.after?.[number] ?? START;
    const one = { part, number, after, upTo: ask.upTo[number] ?? START };
    const extension = EXTENSION_OF[part.stream.name];
    if (extension === undefined || ask.extensions[extension] === undefined) {
      return Promise.resolve({ answer: {}, reached: after, isNews: false });
    }
    if (extension === 'toDevice') return this.#toDevice(ask, part);
    if (extension === 'threads') return this.#threads(ask, one);
    return extension === 'e2ee' ? this.#deviceLists(ask, one) : this.#scoped(ask, extension, one);
  }

  async #scoped(ask: ExtensionsAsk, extension: ScopedExtension, one: PartAsk): Promise<PartTold> {
    const rooms = ask.rooms(extension, ask.extensions[extension] ?? EVERYWHERE);
    const news = await this.#newsOf(ask, rooms, {
      ...one,
      isNew: ask.toldScopes[extension] === undefined,
      isRescoped: ask.toldScopes[extension] !== ask.scopes[extension],
    });
    const told = answerOf(extension, news, rooms.ids);
    return { ...told, reached: one.upTo, read: news.flatMap(readIn) };
  }

  /** Of rooms that are always told of what is new; of the others all, or what was missed. */
  async #newsOf(
    ask: ExtensionsAsk,
    rooms: ScopeOfRooms,
    { part, number, after, upTo, isNew, isRescoped }: PartAsk & { isNew: boolean; isRescoped: boolean },
  ): Promise<News[]> {
    const since = async (some: Keys<RoomNid>, from: Position): Promise<News> => {
      const reader = readerOf(ask, () => some);
      return from >= upTo || !part.mayHaveNews(reader, from) ? {} : part.news(reader, { after: from, upTo });
    };
    const all = (some: Keys<RoomNid>): Promise<News> => {
      return part.news(
        readerOf(ask, () => some),
        { after: START, upTo },
      );
    };
    if (isNew) return [await all(rooms.all())];
    const news = [await since(rooms.steady, after)];
    if (isRescoped) return [...news, { rooms: (await all(rooms.all())).rooms ?? new Map() }];
    const fresh = rooms.behind.filter(({ parts }) => parts === 'new');
    if (fresh.length > 0) news.push(onlyOf(fresh, await all(nidsOf(fresh))));
    const missed = rooms.behind.filter(({ parts }) => parts !== 'new');
    const places = missed.map(({ parts }) => (parts as readonly Position[])[number] ?? START);
    if (missed.length > 0)
      news.push(onlyOf(missed, await since(nidsOf(missed), Math.min(...places, after) as Position)));
    return news;
  }

  /** The client says by itself how far it has got: https://github.com/matrix-org/matrix-spec-proposals/pull/3885 */
  async #toDevice(ask: ExtensionsAsk, part: SyncPart): Promise<PartTold> {
    const { since, limit } = ask.extensions.toDevice ?? { since: undefined, limit: 0 };
    const { settled } = part.stream;
    const after = since === undefined ? START : placeIn(since, settled);
    const reader = { ...readerOf(ask, () => NOWHERE), atMost: limit };
    const news = part.mayHaveNews(reader, after) ? await part.news(reader, { after, upTo: settled }) : {};
    const events = news.toDevice ?? [];
    const reached = news.reached ?? settled;
    return { answer: { toDevice: { events, nextBatch: String(reached) } }, reached, isNews: events.length > 0 };
  }

  async #deviceLists(ask: ExtensionsAsk, { part, after, upTo }: PartAsk): Promise<PartTold> {
    const isFirst = ask.after === undefined;
    const reader = readerOf(ask, ask.joined);
    const isStill = part.watchesRooms !== true && after >= upTo;
    const news = isFirst || isStill || !part.mayHaveNews(reader, after) ? {} : await part.news(reader, { after, upTo });
    const lists = isFirst ? undefined : (news.deviceLists ?? { changed: [], left: [] });
    const isNews = news.keyCounts === true || (lists !== undefined && lists.changed.length + lists.left.length > 0);
    return { answer: { e2ee: { lists, counts: undefined } }, reached: news.reached ?? upTo, isNews };
  }

  async #threads(ask: ExtensionsAsk, { part, after, upTo }: PartAsk): Promise<PartTold> {
    const { name, limit } = ask.extensions.threads ?? { name: '', limit: 0 };
    const reader = { ...readerOf(ask, () => NOWHERE), atMost: limit };
    const isSilent = after >= upTo || !part.mayHaveNews(reader, after);
    const { threads: content } = isSilent ? {} : await part.news(reader, { after, upTo });
    return { answer: { threads: { name, content } }, reached: upTo, isNews: content !== undefined };
  }

  async #withCounts({ viewer }: ExtensionsAsk, { e2ee }: ExtensionsAnswer) {
    const part = this.#parts.find((one) => one.keyCounts !== undefined);
    return { lists: e2ee?.lists, counts: await part?.keyCounts?.(viewer) };
  }
}

interface PartAsk {
  readonly part: SyncPart;
  readonly number: number;
  readonly after: Position;
  readonly upTo: Position;
}

const readIn = ({ rooms }: News): RoomId[] =>
  [...(rooms ?? [])].flatMap(([roomId, { counts }]) => (counts === true ? [roomId] : []));

interface PartTold {
  readonly answer: ExtensionsAnswer;
  readonly reached: Position;
  readonly isNews: boolean;
  readonly read?: readonly RoomId[];
}

const readerOf = ({ viewer, after, upTo }: ExtensionsAsk, rooms: () => Keys<RoomNid>): Reader => ({
  ...viewer,
  rooms,
  timeline: { after: after?.[0] ?? START, upTo: upTo[0] ?? START },
});

const nidsOf = (rooms: readonly Behind[]): ReadonlySet<RoomNid> => new Set(rooms.map(({ nid }) => nid));

const onlyOf = (covered: readonly Behind[], { rooms }: News): News => {
  const ids = new Set<string>(covered.map(({ roomId }) => roomId));
  return { rooms: new Map([...(rooms ?? [])].filter(([roomId]) => ids.has(roomId))) };
};

/** A place in a stream, as the `next_batch` of an extension names it; the start for what is none of ours. */
export const placeIn = (since: string, settled: Position): Position => {
  const place = /^\d{1,15}$/.test(since) ? Number(since) : 0;
  return Math.min(place, settled) as Position;
};

const answerOf = (
  extension: ScopedExtension,
  news: readonly News[],
  covered: () => ReadonlySet<RoomId>,
): Omit<PartTold, 'reached'> => {
  const all = news.flatMap(({ rooms }) => [...(rooms ?? [])]);
  const ids = all.length > 0 ? covered() : undefined;
  const byRoom = all.filter(([roomId]) => ids?.has(roomId));
  if (extension === 'accountData') {
    const global = news.flatMap(({ accountData = [] }) => accountData);
    const told = byRoom.flatMap(([roomId, { accountData = [] }]) =>
      accountData.length > 0 ? [[roomId, accountData] as const] : [],
    );
    const rooms = new Map(told);
    return { answer: { accountData: { global, rooms } }, isNews: global.length + rooms.size > 0 };
  }
  const rooms = new Map<RoomId, JsonObject>();
  for (const [roomId, { ephemeral = [] }] of byRoom) {
    for (const { content } of ephemeral) rooms.set(roomId, merged(rooms.get(roomId), content, extension));
  }
  return { answer: { [extension]: rooms }, isNews: rooms.size > 0 };
};

/** Who is typing now takes the place of who was; receipts are put together. */
const merged = (known: JsonObject | undefined, more: JsonObject, extension: ScopedExtension): JsonObject =>
  known === undefined || extension === 'typing' ? more : (mergedJson(known, more) as JsonObject);

const mergedJson = (known: Json | undefined, more: Json): Json => {
  if (!isObject(known) || !isObject(more)) return more;
  // Not by assignment: servers send as ids what they like, `__proto__` among it.
  const all = Object.entries(more).map(([name, value]) => {
    return [name, mergedJson(Object.hasOwn(known, name) ? known[name] : undefined, value ?? null)] as const;
  });
  return Object.fromEntries([...Object.entries(known), ...all]);
};
