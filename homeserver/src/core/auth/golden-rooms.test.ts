import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Event } from '../events/event.ts';
import { isRefused, parsePdu } from '../events/parse-pdu.ts';
import { roomVersion } from '../rooms/room-version.ts';
import { checkAuthEvents, stateOf } from './auth-events.ts';
import { authorise } from './authorise.ts';

interface Golden {
  readonly rooms: Readonly<Record<string, { readonly events: readonly { readonly pdu: unknown }[] }>>;
}

const golden = JSON.parse(
  readFileSync(new URL('../../../../spec/vectors/golden-pdus.json', import.meta.url), 'utf8'),
) as Golden;

describe('the rooms of another server', () => {
  for (const [id, { events }] of Object.entries(golden.rooms)) {
    it(`are authorised by the rules of version ${id}`, () => {
      const known = new Map<string, Event>();
      for (const { pdu } of events) {
        const event = parsePdu(pdu, roomVersion(id)!);
        if (isRefused(event)) throw new Error(event.refused);
        const authEvents = event.authEvents.map((authEvent) => known.get(authEvent)!);
        const what = `${event.type} of ${event.sender}`;
        const entries = authEvents.map((authEvent) => ({ event: authEvent, rejected: false }));
        expect(checkAuthEvents(event, entries), what).to.eql({ allowed: true });
        expect(authorise(event, stateOf(authEvents)), what).to.eql({ allowed: true });
        expect(authorise(event, stateOf(known.values())), what).to.eql({ allowed: true });
        known.set(event.eventId, event);
      }
      expect(known.size).to.be.greaterThan(5);
    });
  }
});
