import { EventStatus, type MatrixEvent } from 'matrix-js-sdk';
import type { UnixMillis } from '../../platform/clock.ts';
import type { Delivery, Entry, EntryBody, Person } from '../entry.ts';
import { membershipChange } from '../membership-change.ts';
import { roomChange } from '../room-change.ts';
import { toProblem } from './trouble.ts';

/** What an event shows in a timeline; `undefined` for those that show nothing by themselves. */
export const toEntry = (event: MatrixEvent, ownId: string): Entry | undefined => {
  const body = bodyOf(event);
  if (!body) return undefined;
  const sender = event.getSender() ?? '';
  const delivery = deliveryOf(event);
  return {
    key: event.getTxnId() ?? event.getUnsigned().transaction_id ?? event.getId() ?? '',
    sender: { userId: sender, name: nameIn(event.sender, sender) },
    isOwn: sender === ownId,
    at: event.getTs() as UnixMillis,
    body,
    delivery,
    ...(delivery === 'failed' && event.error && { problem: toProblem(event.error) }),
  };
};

const deliveryOf = (event: MatrixEvent): Delivery => {
  switch (event.status) {
    case null:
    case EventStatus.SENT:
      return 'sent';
    case EventStatus.NOT_SENT:
    case EventStatus.CANCELLED:
      return 'failed';
    case EventStatus.ENCRYPTING:
    case EventStatus.QUEUED:
    case EventStatus.SENDING:
      return 'sending';
  }
};

const bodyOf = (event: MatrixEvent): EntryBody | undefined => {
  if (event.isRelation('m.replace')) return undefined;
  switch (event.getType()) {
    case 'm.room.message':
    case 'm.sticker':
      return event.isRedacted() ? { kind: 'removed' } : messageBody(event);
    case 'm.room.encrypted':
      return event.isRedacted() ? { kind: 'removed' } : { kind: 'encrypted' };
    case 'm.room.member':
      return memberBody(event);
    default:
      return event.isState() ? stateBody(event) : undefined;
  }
};

const STYLES = { 'm.text': 'text', 'm.notice': 'notice', 'm.emote': 'emote' } as const;
const MEDIA = { 'm.image': 'image', 'm.video': 'video', 'm.audio': 'audio', 'm.file': 'file' } as const;

const messageBody = (event: MatrixEvent): EntryBody => {
  const content = event.getContent<Record<string, unknown>>();
  const text = typeof content['body'] === 'string' ? content['body'] : '';
  const type = event.getType() === 'm.sticker' ? 'm.image' : content['msgtype'];
  if (typeof type === 'string' && Object.hasOwn(MEDIA, type))
    return { kind: 'file', media: MEDIA[type as keyof typeof MEDIA], name: text };
  const style = typeof type === 'string' && Object.hasOwn(STYLES, type) ? STYLES[type as keyof typeof STYLES] : 'text';
  return { kind: 'text', style, text, edited: event.replacingEvent() !== null };
};

const memberBody = (event: MatrixEvent): EntryBody | undefined => {
  const target = event.getStateKey() ?? '';
  const content = event.getContent<Record<string, unknown>>();
  const change = membershipChange(event.getPrevContent(), content, event.getSender() === target);
  if (!change) return undefined;
  const named = typeof content['displayname'] === 'string' ? content['displayname'] : undefined;
  const person: Person = { userId: target, name: named ?? nameIn(event.target, target) };
  const reason = typeof content['reason'] === 'string' ? content['reason'] : '';
  return { kind: 'membership', change, target: person, reason };
};

const stateBody = (event: MatrixEvent): EntryBody | undefined => {
  const change = roomChange(event.getType(), event.getContent(), event.getPrevContent());
  return change && { kind: 'room', change };
};

/** The SDK calls somebody without a display name by their whole id; the part before the colon reads better. */
export const nameIn = (member: { name: string } | null | undefined, userId: string): string =>
  member && member.name !== userId ? member.name : localpart(userId);

const localpart = (userId: string): string => /^@([^:]+):/.exec(userId)?.[1] ?? userId;
