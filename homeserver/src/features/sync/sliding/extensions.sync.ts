import type { RoomId } from '@holm/spec/ids';
import { isObject, type Json, type JsonObject } from '@holm/spec/json';
import type { Caller } from '../../../http/route.ts';
import { allSoon, type Soon } from '../../../platform/soon.ts';
import type { RoomNid } from '../../../rooms/model.ts';
import type { Keys } from '../../../streams/logged-changes.ts';
import type { Position, Stream } from '../../../streams/stream.ts';
import { isSilent, type News, type SyncPart } from '../../../streams/sync-part.ts';
import type { ExtensionsAnswer, ExtensionsAsk, PartAsk, PartTold } from './extensions-ask.ts';
import type { Extensions, ScopedExtension } from './request.ts';
import type { Behind, ScopeOfRooms } from './scoped-rooms.ts';
import {
  askedOf,
  EVERYWHERE,
  extensionOf,
  isSilentIn,
  NO_CHANGES,
  nowhere,
  placeIn,
  placeOf,
  readerOf,
  silence,
  sinceIn,
} from './silent-parts.ts';

export interface ExtensionsTold {
  readonly answer: ExtensionsAnswer;
  readonly isNews: boolean;
  /** Rooms that the reader has read on in. */
  readonly read: ReadonlySet<RoomId>;
  /** What decides of the counts of all rooms has changed since this position. */
  readonly rulesSince: Position | undefined;
  /** By the number of the part. */
  readonly reached: readonly Position[];
}

const START = 0 as Position;

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

  /** Whether there is certainly nothing to tell, as far as memory knows. */
  isSilent(ask: ExtensionsAsk): boolean {
    return this.#parts.every((part, i) => {
      const extension = askedOf(ask, part);
      return extension === undefined || isSilentIn(ask, extension, placeOf(ask, part, i + 1));
    });
  }

  async told(ask: ExtensionsAsk): Promise<ExtensionsTold> {
    const told = await allSoon(this.#parts.map((part, i) => this.#tell(ask, part, i + 1)));
    const answer = Object.assign({}, ...told.map(({ answer }) => answer)) as ExtensionsAnswer;
    return {
      answer: ask.extensions.e2ee ? { ...answer, e2ee: await this.#withCounts(ask, answer) } : answer,
      isNews: told.some(({ isNews }) => isNews),
      read: new Set(told.flatMap(({ read = [] }) => read)),
      rulesSince: told.find((one) => one.rulesSince !== undefined)?.rulesSince,
      reached: told.map(({ reached }) => reached),
    };
  }

  /** The device has the messages before that: they need not be kept. */
  acknowledge(viewer: Caller, { toDevice }: Extensions): Promise<void> | undefined {
    const part = this.#parts.find((one) => extensionOf(one) === 'toDevice');
    if (toDevice?.since === undefined || !part) return undefined;
    return part.acknowledge?.(viewer, placeIn(toDevice.since, part.stream.settled));
  }

  #tell(ask: ExtensionsAsk, part: SyncPart, number: number): Soon<PartTold> {
    const one = placeOf(ask, part, number);
    const extension = askedOf(ask, part);
    if (extension === undefined) return { answer: {}, reached: one.after, isNews: false };
    if (isSilentIn(ask, extension, one)) return silence(ask, extension, one);
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
    const rulesSince = news.find((some) => some.rulesSince !== undefined)?.rulesSince;
    return { ...told, reached: one.upTo, read: news.flatMap(readIn), rulesSince };
  }

  /** Of rooms that are always told of what is new; of the others all, or what was missed. */
  async #newsOf(
    ask: ExtensionsAsk,
    rooms: ScopeOfRooms,
    { part, number, after, upTo, isNew, isRescoped }: PartAsk & { isNew: boolean; isRescoped: boolean },
  ): Promise<News[]> {
    const since = async (some: Keys<RoomNid>, from: Position): Promise<News> => {
      const reader = readerOf(ask, () => some);
      return isSilent(part, reader, { after: from, upTo }) ? {} : part.news(reader, { after: from, upTo });
    };
    // A room may be told from its beginning to a client that has had it before, and left it since, or not asked for it.
    const all = (some: Keys<RoomNid>): Promise<News> => {
      return part.news({ ...readerOf(ask, () => some), again: !isNew }, { after: START, upTo });
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
    const { settled } = part.stream;
    const after = sinceIn(ask, settled);
    const reader = { ...readerOf(ask, nowhere), atMost: ask.extensions.toDevice?.limit };
    const news = await part.news(reader, { after, upTo: settled });
    const events = news.toDevice ?? [];
    const reached = news.reached ?? settled;
    return { answer: { toDevice: { events, nextBatch: String(reached) } }, reached, isNews: events.length > 0 };
  }

  async #deviceLists(ask: ExtensionsAsk, { part, after, upTo }: PartAsk): Promise<PartTold> {
    if (ask.after === undefined)
      return { answer: { e2ee: { lists: undefined, counts: undefined } }, reached: upTo, isNews: false };
    const news = await part.news(readerOf(ask, ask.joined), { after, upTo });
    const lists = news.deviceLists ?? NO_CHANGES;
    const isNews = news.keyCounts === true || lists.changed.length + lists.left.length > 0;
    return { answer: { e2ee: { lists, counts: undefined } }, reached: news.reached ?? upTo, isNews };
  }

  async #threads(ask: ExtensionsAsk, { part, after, upTo }: PartAsk): Promise<PartTold> {
    const { name, limit } = ask.extensions.threads ?? { name: '', limit: 0 };
    const reader = { ...readerOf(ask, nowhere), atMost: limit };
    const { threads: content } = await part.news(reader, { after, upTo });
    return { answer: { threads: { name, content } }, reached: upTo, isNews: content !== undefined };
  }

  async #withCounts({ viewer }: ExtensionsAsk, { e2ee }: ExtensionsAnswer) {
    const part = this.#parts.find((one) => one.keyCounts !== undefined);
    return { lists: e2ee?.lists, counts: await part?.keyCounts?.(viewer) };
  }
}

const readIn = ({ rooms }: News): RoomId[] =>
  [...(rooms ?? [])].flatMap(([roomId, { counts }]) => (counts === true ? [roomId] : []));

const nidsOf = (rooms: readonly Behind[]): ReadonlySet<RoomNid> => new Set(rooms.map(({ nid }) => nid));

const onlyOf = (covered: readonly Behind[], { rooms }: News): News => {
  const ids = new Set<string>(covered.map(({ roomId }) => roomId));
  return { rooms: new Map([...(rooms ?? [])].filter(([roomId]) => ids.has(roomId))) };
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
