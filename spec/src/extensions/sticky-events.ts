import { Type } from '@sinclair/typebox';

/**
 * Messages that every member is sure to get while they stick (MSC4354). Beside the names of the proposal, those that it
 * goes by until it is accepted: https://github.com/matrix-org/matrix-spec-proposals/pull/4354
 */
export const STICKY_NAMES = [
  {
    query: 'org.matrix.msc4354.sticky_duration_ms',
    field: 'msc4354_sticky',
    remaining: 'msc4354_sticky_duration_ttl_ms',
  },
  { query: 'sticky_duration_ms', field: 'sticky', remaining: 'sticky_duration_remaining_ms' },
] as const;

export type StickyNames = (typeof STICKY_NAMES)[number];

export const MAX_STICKY_MS = 3_600_000;

const duration = Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_STICKY_MS }));

export const stickyQuery = Type.Object({
  'org.matrix.msc4354.sticky_duration_ms': duration,
  sticky_duration_ms: duration,
});
