import { type ServerName, serverOf, UserId } from '@holm/spec/ids';
import { isObject, type Json } from '@holm/spec/json';
import { signaturesBy } from '../../core/crypto/signing.ts';
import type { Event } from '../../core/events/event.ts';
import { isRefused, parsePdu } from '../../core/events/parse-pdu.ts';

/**
 * An event of ours with the signatures that some servers have put under it, as one of them gives it back. Nothing else
 * is taken of what it gives: the id of an event does not cover all that it says, and in versions 1 and 2 nothing of it.
 * Undefined where nobody would take the event with so much under it.
 */
export const countersigned = (event: Event, answer: Json | undefined, by: readonly ServerName[]): Event | undefined => {
  const given = isObject(answer) ? answer['signatures'] : undefined;
  const { signatures: own } = event.pdu;
  const others = by.map((server) => [server, { ...signaturesBy(given, server), ...own[server] }] as const);
  const signed = others.filter(([, signatures]) => Object.keys(signatures).length > 0);
  const parsed = parsePdu({ ...event.pdu, signatures: { ...own, ...Object.fromEntries(signed) } }, event.version);
  return isRefused(parsed) ? undefined : parsed;
};

/** The server that has to vouch for a join, if one has to. */
export const authorisersOf = ({ content }: Event): readonly ServerName[] => {
  const by = content['join_authorised_via_users_server'];
  return UserId.is(by) ? [serverOf(by)] : [];
};
