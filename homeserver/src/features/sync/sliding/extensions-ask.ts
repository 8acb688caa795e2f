import type { RoomId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import type { Caller } from '../../../http/route.ts';
import type { RoomNid } from '../../../rooms/model.ts';
import type { Keys } from '../../../streams/logged-changes.ts';
import type { Position } from '../../../streams/stream.ts';
import type { DeviceListNews, KeyCounts, LooseEvent, SyncPart } from '../../../streams/sync-part.ts';
import type { JsonText } from '../json-text.ts';
import type { ProfilesAnswer } from './profiles-extension.sync.ts';
import { type Extensions, type Scope, SCOPED_EXTENSIONS, type ScopedExtension, type Scopes } from './request.ts';
import { ScopedRooms, type ScopeOfRooms } from './scoped-rooms.ts';
import { type Asked, partsOf } from './told-rooms.ts';

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
  /** Some of the rooms that are asked for have been told less of than the others. */
  readonly isAnyBehind: boolean;
  /** The rooms that an extension tells of. */
  readonly rooms: (name: ScopedExtension, scope: Scope) => ScopeOfRooms;
  /** Of which rooms each scoped extension told before, as text; absent for those that have told nothing yet. */
  readonly toldScopes: Scopes;
  readonly scopes: Scopes;
  readonly after: readonly Position[] | undefined;
  readonly upTo: readonly Position[];
  readonly joined: () => Keys<RoomNid>;
}

export interface PartAsk {
  readonly part: SyncPart;
  readonly number: number;
  readonly after: Position;
  readonly upTo: Position;
}

export interface PartTold {
  readonly answer: ExtensionsAnswer;
  readonly reached: Position;
  readonly isNews: boolean;
  readonly read?: readonly RoomId[];
  readonly rulesSince?: Position | undefined;
}

export type Extension = ScopedExtension | 'toDevice' | 'e2ee' | 'threads';

const SCOPED = [...SCOPED_EXTENSIONS, 'profiles'] as const;

/** What is asked of the extensions. */
export const askOf = ({ request, base, upTo, following, candidates, scopes, members }: Asked): ExtensionsAsk => {
  const behind = new Map<RoomNid, 'new' | readonly Position[]>();
  const untold = new Map<ScopedExtension, Set<RoomNid>>();
  for (const [nid, room] of candidates) {
    const parts = partsOf(base, nid, room);
    if (parts !== undefined) behind.set(nid, parts);
    for (const name of base.connection.rooms.get(nid)?.untoldBy ?? []) addTo(untold, name, nid);
  }
  const rooms = new ScopedRooms(following, behind);
  return {
    viewer: request.viewer,
    extensions: request.extensions,
    isAnyBehind: behind.size + untold.size > 0,
    rooms: (name, scope) => rooms.of(scope, name === 'accountData' ? 'any' : 'joined', untold.get(name)),
    after: base.after,
    upTo,
    joined: () => members.joined,
    scopes,
    toldScopes: base.connection.scopes,
  };
};

const addTo = <Key, Value>(sets: Map<Key, Set<Value>>, key: Key, value: Value): void => {
  const known = sets.get(key);
  if (known) known.add(value);
  else sets.set(key, new Set([value]));
};

/** The same object where nothing is asked for otherwise than before. */
export const scopesOf = (told: Scopes, asked: Scopes): Scopes => {
  const resting = SCOPED.filter((name) => told[name] !== undefined && asked[name] === undefined).join();
  const isSame = SCOPED.every((name) => asked[name] === undefined || asked[name] === told[name]);
  return isSame && resting === (told.resting ?? '') ? told : { ...told, ...asked, resting };
};

/** Whether the extension is asked for otherwise than in the answer before, which may have told of rooms without it. */
export const areProfilesOther = (told: Scopes, asked: Scopes): boolean =>
  told.profiles !== asked.profiles || told.resting?.includes('profiles') === true;
