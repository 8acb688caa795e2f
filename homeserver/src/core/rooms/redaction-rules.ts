/** What survives a redaction. */
export interface RedactionRules {
  /** Top-level members that are kept. */
  readonly topLevel: ReadonlySet<string>;
  /** Members of `content` that are kept, by event type; types not named keep none. */
  readonly content: Readonly<Record<string, readonly string[] | 'everything'>>;
  /** Whether `content.third_party_invite` of a member event keeps its `signed`. */
  readonly keepThirdPartySigned: boolean;
}

const TOP_LEVEL = [
  'event_id', 'type', 'room_id', 'sender', 'state_key', 'content', 'hashes', 'signatures', 'depth',
  'prev_events', 'auth_events', 'origin_server_ts',
]; // prettier-ignore

const POWER_LEVELS = [
  'ban', 'events', 'events_default', 'kick', 'redact', 'state_default', 'users', 'users_default',
]; // prettier-ignore

export const v1: RedactionRules = {
  topLevel: new Set([...TOP_LEVEL, 'prev_state', 'origin', 'membership']),
  content: {
    'm.room.member': ['membership'],
    'm.room.create': ['creator'],
    'm.room.join_rules': ['join_rule'],
    'm.room.power_levels': POWER_LEVELS,
    'm.room.history_visibility': ['history_visibility'],
    'm.room.aliases': ['aliases'],
  },
  keepThirdPartySigned: false,
};

const { 'm.room.aliases': _aliases, ...contentWithoutAliases } = v1.content;

export const v6: RedactionRules = { ...v1, content: contentWithoutAliases };

export const v8: RedactionRules = {
  ...v6,
  content: { ...v6.content, 'm.room.join_rules': ['join_rule', 'allow'] },
};

export const v9: RedactionRules = {
  ...v8,
  content: { ...v8.content, 'm.room.member': ['membership', 'join_authorised_via_users_server'] },
};

export const v11: RedactionRules = {
  topLevel: new Set(TOP_LEVEL),
  content: {
    ...v9.content,
    'm.room.create': 'everything',
    'm.room.redaction': ['redacts'],
    'm.room.power_levels': [...POWER_LEVELS, 'invite'],
  },
  keepThirdPartySigned: true,
};
