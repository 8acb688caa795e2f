import type { JsonObject } from '@holm/spec/json';
import type { LooseEvent } from '../../../streams/sync-part.ts';
import { arrayOf, eventsOf, type JsonText, objectOf } from '../json-text.ts';
import type { ExtensionsAnswer } from './extensions-ask.ts';
import type { ProfileTold } from './profiles-extension.sync.ts';
import type { Hero } from './room-answer.ts';

/** What the dialects write alike. */

export const heroText = ({ userId, displayName, avatarUrl }: Hero): JsonText =>
  JSON.stringify({ user_id: userId, displayname: displayName, avatar_url: avatarUrl });

export const textOf = (value: string | number | boolean | null | undefined): JsonText | undefined =>
  value === undefined ? undefined : JSON.stringify(value);

export const extensionsText = (answer: ExtensionsAnswer): JsonText => {
  const { accountData, receipts, typing, toDevice, e2ee, stickyEvents, threads, profiles } = answer;
  return objectOf({
    account_data: accountData && accountDataText(accountData),
    receipts: receipts && ephemeralText('m.receipt', receipts),
    typing: typing && ephemeralText('m.typing', typing),
    to_device: toDevice && toDeviceText(toDevice),
    ...(stickyEvents && { [stickyEvents.name]: stickyText(stickyEvents) }),
    // With nothing to tell, there is nothing.
    ...(threads && { [threads.name]: threads.content && JSON.stringify(threads.content) }),
    ...(profiles && { [profiles.name]: profilesText(profiles) }),
    e2ee: e2ee && e2eeText(e2ee),
  });
};

type Answered<Name extends keyof ExtensionsAnswer> = NonNullable<ExtensionsAnswer[Name]>;

const accountDataText = ({ global, rooms }: Answered<'accountData'>): JsonText =>
  objectOf({
    global: arrayOf(global.map(looseText)),
    rooms: recordOf(rooms, (events) => arrayOf(events.map(looseText))),
  });

const toDeviceText = ({ nextBatch, events }: Answered<'toDevice'>): JsonText =>
  objectOf({
    next_batch: JSON.stringify(nextBatch),
    events: arrayOf(events.map((event) => JSON.stringify(event))),
  });

const stickyText = ({ nextBatch, rooms }: Answered<'stickyEvents'>): JsonText =>
  objectOf({ next_batch: textOf(nextBatch), rooms: recordOf(rooms, eventsOf) });

const profilesText = ({ users }: Answered<'profiles'>): JsonText | undefined =>
  users.size === 0 ? undefined : objectOf({ users: recordOf(users, profileText) });

/** What there is none of is left out. */
const profileText = (told: ProfileTold): JsonText => {
  if (!told) return 'null';
  const { updated, removed } = told;
  return objectOf({
    updated: Object.keys(updated).length > 0 ? JSON.stringify(updated) : undefined,
    removed: removed.length > 0 ? JSON.stringify(removed) : undefined,
  });
};

const e2eeText = ({ lists, counts }: Answered<'e2ee'>): JsonText =>
  objectOf({
    device_lists: lists && JSON.stringify(lists),
    device_one_time_keys_count: counts && JSON.stringify(counts.oneTime),
    device_unused_fallback_key_types: counts && JSON.stringify(counts.unusedFallback),
  });

export const recordOf = <T>(values: ReadonlyMap<string, T>, write: (value: T) => JsonText): JsonText =>
  `{${[...values].map(([name, value]) => `${JSON.stringify(name)}:${write(value)}`).join(',')}}`;

const ephemeralText = (type: string, rooms: ReadonlyMap<string, JsonObject>): JsonText =>
  objectOf({ rooms: recordOf(rooms, (content) => JSON.stringify({ type, content })) });

const looseText = ({ type, content }: LooseEvent): JsonText => JSON.stringify({ type, content });
