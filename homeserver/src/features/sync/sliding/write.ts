import type { JsonObject } from '@holm/spec/json';
import type { LooseEvent } from '../../../streams/sync-part.ts';
import { arrayOf, eventsOf, type JsonText, objectOf } from '../json-text.ts';
import type { ExtensionsAnswer } from './extensions.sync.ts';
import type { Hero } from './room-answer.ts';

/** What the dialects write alike. */

export const heroText = ({ userId, displayName, avatarUrl }: Hero): JsonText =>
  JSON.stringify({ user_id: userId, displayname: displayName, avatar_url: avatarUrl });

export const textOf = (value: string | number | boolean | null | undefined): JsonText | undefined =>
  value === undefined ? undefined : JSON.stringify(value);

export const extensionsText = ({
  accountData,
  receipts,
  typing,
  toDevice,
  e2ee,
  stickyEvents,
}: ExtensionsAnswer): JsonText =>
  objectOf({
    account_data:
      accountData &&
      objectOf({
        global: arrayOf(accountData.global.map(looseText)),
        rooms: recordOf(accountData.rooms, (events) => arrayOf(events.map(looseText))),
      }),
    receipts: receipts && ephemeralText('m.receipt', receipts),
    typing: typing && ephemeralText('m.typing', typing),
    to_device:
      toDevice &&
      objectOf({
        next_batch: JSON.stringify(toDevice.nextBatch),
        events: arrayOf(toDevice.events.map((event) => JSON.stringify(event))),
      }),
    ...(stickyEvents && {
      [stickyEvents.name]: objectOf({
        next_batch: textOf(stickyEvents.nextBatch),
        rooms: recordOf(stickyEvents.rooms, eventsOf),
      }),
    }),
    e2ee:
      e2ee &&
      objectOf({
        device_lists: e2ee.lists && JSON.stringify(e2ee.lists),
        device_one_time_keys_count: e2ee.counts && JSON.stringify(e2ee.counts.oneTime),
        device_unused_fallback_key_types: e2ee.counts && JSON.stringify(e2ee.counts.unusedFallback),
      }),
  });

export const recordOf = <T>(values: ReadonlyMap<string, T>, write: (value: T) => JsonText): JsonText =>
  `{${[...values].map(([name, value]) => `${JSON.stringify(name)}:${write(value)}`).join(',')}}`;

const ephemeralText = (type: string, rooms: ReadonlyMap<string, JsonObject>): JsonText =>
  objectOf({ rooms: recordOf(rooms, (content) => JSON.stringify({ type, content })) });

const looseText = ({ type, content }: LooseEvent): JsonText => JSON.stringify({ type, content });
