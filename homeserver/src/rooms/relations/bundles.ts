import type { EventId, UserId } from '@holm/spec/ids';
import { isObject } from '@holm/spec/json';
import type { RelatedBy } from '../../core/filters/event-filter.ts';
import { relationOf } from '../../core/events/content.ts';
import { byPlace } from '../../storage/by-place.ts';
import type { Database } from '../../storage/database.ts';
import { Gather } from '../../storage/gather.ts';
import type { Events } from '../events.ts';
import type { EventNid, StoredEvent } from '../model.ts';
import type { Viewer } from '../timeline/client-events.ts';
import type { Sight } from '../timeline/sight.ts';
import { type BundleRow, bundlesStore as store, type Page } from './bundles.store.ts';
import { relationsStore } from './relations.store.ts';
import type { Silence } from './silence.ts';

/** Who reads events of a room. */
export interface Reader {
  readonly viewer: Viewer;
  readonly sight: Sight;
  /** The last place of the timeline that they may see; absent for whoever may see the newest. */
  readonly until?: number | undefined;
  readonly ignored: ReadonlySet<UserId>;
}

/** `m.relations` of events, as JSON text. */
export type Relations = ReadonlyMap<EventNid, string>;

/** Writes events for a reader, with what others say about them. */
export type Write = (events: readonly StoredEvent[], relations: Relations) => Promise<string[]>;

/** What is to be told of one event, before it is written. */
interface Bundle {
  readonly replacement: StoredEvent | undefined;
  readonly thread: { readonly latest: StoredEvent; readonly count: number; readonly participated: boolean } | undefined;
  readonly references: readonly EventId[];
}

/** A row of which the reader may see the child. */
type SeenRow = Omit<BundleRow, 'snapshot'>;

const NOTHING: Relations = new Map();

/**
 * What other events say about events, put together for a reader: https://spec.matrix.org/latest/client-server-api/#aggregations
 *
 * A whole page takes one query, and one more where threads are among it, whose newest events may have been edited; none for events
 * of which it is known that there is nothing.
 */
export class Bundles {
  readonly #db: Database;
  readonly #events: Events;
  readonly #silence: Silence;
  /** The pages of a first sync, one of each room, are asked for together. */
  readonly #gather: Gather<Page, readonly BundleRow[]>;

  constructor(db: Database, events: Events, silence: Silence) {
    this.#db = db;
    this.#events = events;
    this.#silence = silence;
    this.#gather = new Gather(async (pages) => byPlace(pages, await store.bundles(db, pages)), 'round');
  }

  /** What is said about those of `events` about which anything is. */
  async of(reader: Reader, events: readonly StoredEvent[], write: Write): Promise<Relations> {
    return this.#of(reader, events, { write, isNested: false });
  }

  /** Those of `events` about which something has been said, of certain kinds or by certain users. */
  async related(
    { sight, until }: Pick<Reader, 'sight' | 'until'>,
    events: readonly StoredEvent[],
    { relTypes, senders }: RelatedBy,
  ): Promise<StoredEvent[]> {
    if (events.length === 0) return [];
    const related = await relationsStore.related(this.#db, {
      room: sight.room.nid,
      parents: events.map(({ event }) => event.eventId),
      relTypes: relTypes ?? null,
      senders: senders ?? null,
      until: until ?? Number.MAX_SAFE_INTEGER,
      since: sight.horizon ?? Number.MIN_SAFE_INTEGER,
    });
    return events.filter(({ event }) => related.has(event.eventId));
  }

  async #of(
    reader: Reader,
    events: readonly StoredEvent[],
    { write, isNested }: { readonly write: Write; readonly isNested: boolean },
  ): Promise<Relations> {
    const bundles = await this.#collect(reader, events, isNested);
    if (bundles.size === 0) return NOTHING;
    const all = [...bundles.values()];
    const latest = all.flatMap(({ thread }) => (thread ? [thread.latest] : []));
    const nested = latest.length === 0 ? NOTHING : await this.#of(reader, latest, { write, isNested: true });
    const replacements = all.flatMap(({ replacement }) => (replacement ? [replacement] : []));
    const texts = textsBy(replacements, await write(replacements, NOTHING));
    const latestTexts = textsBy(latest, await write(latest, nested));
    return new Map([...bundles].map(([nid, bundle]) => [nid, bundleText(bundle, texts, latestTexts)]));
  }

  async #collect(reader: Reader, events: readonly StoredEvent[], isNested: boolean): Promise<Map<EventNid, Bundle>> {
    const found = new Map<EventNid, Bundle>();
    const silent = this.#silence.of(reader.sight.room);
    // State events do not get any: the specification says so, for now.
    const parents = events.filter(({ event }) => event.stateKey === undefined && !silent.has(event.eventId));
    if (parents.length === 0) return found;
    const page = pageOf(reader, parents);
    const rows = (await this.#gather.load([page])).get(page) ?? [];
    for (const id of silentAmong(reader, page, rows)) silent.add(id);
    if (rows.length === 0) return found;
    const seen = Map.groupBy(await seenRows(reader, rows), ({ parent_id: id }) => id);
    const needed = await this.#events.load(neededOf(seen.values()));
    const loaded = new Map((await reader.sight.see([...needed.values()])).map((event) => [event.nid, event]));
    const threads = page.parents.filter(({ id }) => seen.get(id)?.some(({ kind }) => kind === 'm.thread'));
    const counts = isNested ? undefined : await this.#countsOf(reader, { ...page, parents: threads });
    for (const parent of parents) {
      const { eventId } = parent.event;
      const count = counts?.get(eventId);
      const bundle = bundleOf(reader, parent, { rows: seen.get(eventId) ?? [], loaded, count, isNested });
      if (bundle) found.set(parent.nid, bundle);
    }
    return found;
  }

  /** Exact numbers where the reader does not see everything; undefined where they do. */
  async #countsOf({ sight }: Reader, threads: Page): Promise<ReadonlyMap<EventId, number> | undefined> {
    if (threads.parents.length === 0 || (await sight.isOpen())) return undefined;
    const parts = await store.threadParts(this.#db, threads);
    const seen = await sight.seePlaces(parts.map((part) => ({ ...part, snapshot: part.snapshot ?? undefined })));
    const counts = new Map<EventId, number>();
    for (const { parent_id: id, count } of seen) counts.set(id, (counts.get(id) ?? 0) + count);
    return counts;
  }
}

/** Those of a page about which nobody is told anything: only who could be told whatever there is finds that out. */
const silentAmong = (
  { sight, until, ignored }: Reader,
  { parents }: Page,
  rows: readonly BundleRow[],
): readonly EventId[] => {
  if (until !== undefined || sight.horizon !== undefined || ignored.size > 0) return [];
  const told = new Set(rows.map(({ parent_id: id }) => id));
  return parents.map(({ id }) => id).filter((id) => !told.has(id));
};

const pageOf = ({ viewer, sight, until, ignored }: Reader, parents: readonly StoredEvent[]): Page => ({
  room: sight.room.nid,
  until: until ?? Number.MAX_SAFE_INTEGER,
  since: sight.horizon ?? Number.MIN_SAFE_INTEGER,
  reader: viewer.userId,
  ignored: [...ignored],
  parents: parents.map(({ event: { eventId: id, sender, type } }) => ({ id, sender, type })),
});

const seenRows = ({ sight }: Reader, rows: readonly BundleRow[]): Promise<SeenRow[]> =>
  sight.seePlaces(rows.map((row) => ({ ...row, snapshot: row.snapshot ?? undefined })));

/** All edits, of which some may be void, and the newest event of each thread. */
const neededOf = (bundles: Iterable<readonly SeenRow[]>): EventNid[] =>
  [...bundles].flatMap((rows) => {
    const edits = rows.filter(({ kind }) => kind === 'm.replace');
    const [latest] = rows.filter(({ kind }) => kind === 'm.thread').sort((a, b) => b.ord - a.ord);
    return [...edits, ...(latest ? [latest] : [])].map(({ event_nid: nid }) => nid);
  });

interface Material {
  /** Those of the reader's sight. */
  readonly rows: readonly SeenRow[];
  readonly loaded: ReadonlyMap<EventNid, StoredEvent>;
  readonly count: number | undefined;
  readonly isNested: boolean;
}

const bundleOf = (reader: Reader, parent: StoredEvent, material: Material): Bundle | undefined => {
  const { rows, loaded } = material;
  const replacement = rows
    .filter(({ kind }) => kind === 'm.replace')
    .flatMap(({ event_nid: nid }) => loaded.get(nid) ?? [])
    .find((edit) => isReplacement(edit, parent));
  const references = rows
    .filter(({ kind }) => kind === 'm.reference')
    .sort((a, b) => a.ord - b.ord)
    .map(({ event_id: id }) => id);
  const thread = threadOf(reader, parent, material);
  return replacement || thread || references.length > 0 ? { replacement, thread, references } : undefined;
};

/** What relates to another event itself begins no thread. */
const threadOf = (
  { viewer }: Reader,
  { event }: StoredEvent,
  { rows, loaded, count, isNested }: Material,
): Bundle['thread'] => {
  if (isNested || relationOf(event.content) !== undefined) return undefined;
  const [newest] = rows.filter(({ kind }) => kind === 'm.thread').sort((a, b) => b.ord - a.ord);
  const latest = newest && loaded.get(newest.event_nid);
  if (!latest) return undefined;
  const participated = newest.participated === true || event.sender === viewer.userId;
  return { latest, count: count ?? newest.count ?? 0, participated };
};

/** https://spec.matrix.org/latest/client-server-api/#validity-of-replacement-events, as far as the query has not asked. */
const isReplacement = ({ event, redactedBy }: StoredEvent, parent: StoredEvent): boolean => {
  if (parent.redactedBy !== undefined || redactedBy !== undefined || event.stateKey !== undefined) return false;
  if (relationOf(parent.event.content)?.type === 'm.replace') return false;
  // What an encrypted one holds, only its readers know.
  return event.type === 'm.room.encrypted' || isObject(event.content['m.new_content']);
};

const textsBy = (events: readonly StoredEvent[], texts: readonly string[]): ReadonlyMap<EventNid, string> =>
  new Map(events.map(({ nid }, i) => [nid, texts[i] ?? '{}']));

const bundleText = (
  { replacement, thread, references }: Bundle,
  replacements: ReadonlyMap<EventNid, string>,
  latest: ReadonlyMap<EventNid, string>,
): string => {
  const members: string[] = [];
  if (replacement) members.push(`"m.replace":${replacements.get(replacement.nid) ?? '{}'}`);
  if (thread) {
    const event = latest.get(thread.latest.nid) ?? '{}';
    const { count, participated } = thread;
    members.push(`"m.thread":{"latest_event":${event},"count":${count},"current_user_participated":${participated}}`);
  }
  if (references.length > 0) {
    const chunk = references.map((id) => `{"event_id":${JSON.stringify(id)}}`);
    members.push(`"m.reference":{"chunk":[${chunk.join(',')}]}`);
  }
  return `{${members.join(',')}}`;
};
