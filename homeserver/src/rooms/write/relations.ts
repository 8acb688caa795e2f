import { type Relation, relationOf } from '../../core/events/content.ts';
import type { StoredEvent } from '../model.ts';
import type { RelationWrite } from './room-write.ts';

const MAX_BYTES = 255;
const NONE: readonly RelationWrite[] = [];

/** What the events of a step say about others: those that are shown, and not redacted. */
export const relationsOf = (events: readonly StoredEvent[]): readonly RelationWrite[] => {
  let found: RelationWrite[] | undefined;
  for (const child of events) {
    const isShown = child.status === 'accepted' && child.ord !== undefined && child.redactedBy === undefined;
    const relation = isShown ? relationOf(child.event.content) : undefined;
    if (relation === undefined) continue;
    if (isIndexed(relation.type) && isIndexed(child.event.type))
      (found ??= []).push({ child, relation: kept(relation) });
  }
  return found ?? NONE;
};

/** What is longer than any identifier is no type that somebody will ask for, and no index of PostgreSQL takes it. */
const isIndexed = (text: string): boolean => Buffer.byteLength(text) <= MAX_BYTES && !text.includes('\0');

/** PostgreSQL keeps no U+0000 in a text. */
const kept = ({ type, target, key }: Relation): Relation => ({
  type,
  target,
  key: type === 'm.annotation' && key?.includes('\0') === false ? key : undefined,
});
