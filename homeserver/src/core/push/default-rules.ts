import type { UserId } from '@holm/spec/ids';
import type { Json } from '@holm/spec/json';

/** A condition of MSC4306, under its name of before. */
export const THREAD_SUBSCRIPTION = 'io.element.msc4306.thread_subscription';

/** What is done about an event. Older versions had two more words, which mean nothing. */
export type PushAction = 'notify' | HistoricalAction | { readonly set_tweak: string; readonly value?: Json };

export type HistoricalAction = 'dont_notify' | 'coalesce';

export const isHistorical = (action: unknown): action is HistoricalAction =>
  action === 'dont_notify' || action === 'coalesce';

export type PushCondition =
  | { readonly kind: 'event_match'; readonly key: string; readonly pattern: string }
  | { readonly kind: 'event_property_is' | 'event_property_contains'; readonly key: string; readonly value: Json }
  | { readonly kind: 'contains_display_name' }
  | { readonly kind: 'room_member_count'; readonly is: string }
  | { readonly kind: 'sender_notification_permission'; readonly key: string }
  | { readonly kind: typeof THREAD_SUBSCRIPTION; readonly subscribed: boolean };

/** A rule as clients see it. */
export interface PushRule {
  readonly rule_id: string;
  readonly default: boolean;
  readonly enabled: boolean;
  readonly actions: readonly PushAction[];
  /** Of `override`, `postcontent` and `underride` rules. */
  readonly conditions?: readonly PushCondition[];
  /** Of `content` rules. */
  readonly pattern?: string;
}

export interface PushRuleset {
  readonly override: readonly PushRule[];
  readonly content: readonly PushRule[];
  /** Of MSC4306; users have none of their own. */
  readonly postcontent: readonly PushRule[];
  readonly room: readonly PushRule[];
  readonly sender: readonly PushRule[];
  readonly underride: readonly PushRule[];
}

/**
 * The rules that every user starts with, in the order in which they are asked. Those that looked for names in the
 * text of a message went with version 1.17 of the specification.
 * https://spec.matrix.org/latest/client-server-api/#predefined-rules
 */
export const defaultPushRules = (user: UserId): PushRuleset => ({
  override: [
    { ...rule('.m.rule.master', [], []), enabled: false },
    rule('.m.rule.suppress_notices', [matches('content.msgtype', 'm.notice')], []),
    rule(
      '.m.rule.invite_for_me',
      [matches('type', 'm.room.member'), matches('content.membership', 'invite'), matches('state_key', user)],
      ['notify', SOUND],
    ),
    rule('.m.rule.member_event', [matches('type', 'm.room.member')], []),
    rule(
      '.m.rule.is_user_mention',
      [{ kind: 'event_property_contains', key: String.raw`content.m\.mentions.user_ids`, value: user }],
      ['notify', SOUND, HIGHLIGHT],
    ),
    rule(
      '.m.rule.is_room_mention',
      [
        { kind: 'event_property_is', key: String.raw`content.m\.mentions.room`, value: true },
        { kind: 'sender_notification_permission', key: 'room' },
      ],
      ['notify', HIGHLIGHT],
    ),
    rule('.m.rule.tombstone', [matches('type', 'm.room.tombstone'), matches('state_key', '')], ['notify', HIGHLIGHT]),
    rule('.m.rule.reaction', [matches('type', 'm.reaction')], []),
    rule('.m.rule.room.server_acl', [matches('type', 'm.room.server_acl'), matches('state_key', '')], []),
    rule(
      '.m.rule.suppress_edits',
      [{ kind: 'event_property_is', key: String.raw`content.m\.relates_to.rel_type`, value: 'm.replace' }],
      [],
    ),
  ],
  content: [],
  // NOTSPEC: off, until their owner follows a thread for the first time. Who has a client that knows nothing of this is
  // told of threads as ever.
  postcontent: [
    { ...rule(UNSUBSCRIBED_THREAD, [{ kind: THREAD_SUBSCRIPTION, subscribed: false }], []), enabled: false },
    {
      ...rule(SUBSCRIBED_THREAD, [{ kind: THREAD_SUBSCRIPTION, subscribed: true }], ['notify', SOUND]),
      enabled: false,
    },
  ],
  room: [],
  sender: [],
  underride: [
    rule('.m.rule.call', [matches('type', 'm.call.invite')], ['notify', { set_tweak: 'sound', value: 'ring' }]),
    rule('.m.rule.encrypted_room_one_to_one', [ONE_TO_ONE, matches('type', 'm.room.encrypted')], ['notify', SOUND]),
    rule('.m.rule.room_one_to_one', [ONE_TO_ONE, matches('type', 'm.room.message')], ['notify', SOUND]),
    rule('.m.rule.message', [matches('type', 'm.room.message')], ['notify']),
    rule('.m.rule.encrypted', [matches('type', 'm.room.encrypted')], ['notify']),
  ],
});

/** Rules of MSC4306: https://github.com/matrix-org/matrix-spec-proposals/pull/4306 */
export const UNSUBSCRIBED_THREAD = '.io.element.msc4306.rule.unsubscribed_thread';
export const SUBSCRIBED_THREAD = '.io.element.msc4306.rule.subscribed_thread';

const SOUND: PushAction = { set_tweak: 'sound', value: 'default' };
const HIGHLIGHT: PushAction = { set_tweak: 'highlight' };
const ONE_TO_ONE: PushCondition = { kind: 'room_member_count', is: '2' };

const rule = (id: string, conditions: readonly PushCondition[], actions: readonly PushAction[]): PushRule => ({
  rule_id: id,
  default: true,
  enabled: true,
  conditions,
  actions,
});

const matches = (key: string, pattern: string): PushCondition => ({ kind: 'event_match', key, pattern });
