import { readFileSync } from 'node:fs';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { verifyKeyFrom } from '../crypto/keys.ts';
import { parseJson } from '../json/parse.ts';
import { roomVersion } from '../rooms/room-version.ts';
import type { Event } from './event.ts';
import { checkContentHash, contentHash, eventIdOf, referenceHash } from './hashes.ts';
import { isRefused, parsePdu } from './parse-pdu.ts';
import { pduText } from './pdu-text.ts';
import { requiredSignatures, verifyEventSignatures } from './signatures.ts';
import { storedEvent } from './stored-event.ts';
import { redactEvent } from './to-event.ts';

interface GoldenPdus {
  readonly server_keys: Record<string, { readonly verify_keys: Record<string, { readonly key: string }> }>;
  readonly rooms: Record<
    string,
    {
      readonly room_id: string;
      readonly events: readonly { readonly event_id: string; readonly pdu: JsonObject }[];
    }
  >;
}

const goldenUrl = new URL('../../../../spec/vectors/golden-pdus.json', import.meta.url);
const golden = JSON.parse(readFileSync(goldenUrl, 'utf8')) as GoldenPdus;

const keyFor = (server: string, keyId: string) => {
  const published = golden.server_keys[server]?.verify_keys[keyId];
  return published && verifyKeyFrom(keyId, published.key);
};

for (const [versionId, room] of Object.entries(golden.rooms)) {
  describe(`the recorded room of version ${versionId}`, () => {
    const version = roomVersion(versionId)!;
    const parsed = room.events.map(({ event_id, pdu }) => {
      const event = parsePdu(parseJson(JSON.stringify(pdu), { strict: version.strictCanonicalJson }), version);
      if (isRefused(event)) throw new Error(`${event_id}: ${event.refused}`);
      return { event_id, pdu, event };
    });
    const events = parsed.map(({ event }) => event);
    const everyEvent = (check: (event: Event) => void) => () => {
      expect(events).to.have.lengthOf.above(5);
      events.forEach(check);
    };

    it('has the ids that its server gave', () => {
      expect(events.map((event) => event.eventId)).to.deep.equal(room.events.map((event) => event.event_id));
      expect(parsed.map(({ pdu }) => eventIdOf(pdu, version))).to.deep.equal(parsed.map(({ event_id }) => event_id));
      everyEvent((event) => expect(event.roomId).to.equal(room.room_id))();
    });

    it('is one graph of events and the events that authorise them', () => {
      const known = new Set<string>(events.map((event) => event.eventId));
      const before = new Set<string>();
      for (const event of events) {
        for (const id of [...event.prevEvents, ...event.authEvents]) expect(before.has(id), id).to.equal(known.has(id));
        if (event.type !== 'm.room.create') expect(event.authEvents).to.include(events[0]!.eventId);
        before.add(event.eventId);
      }
    });

    it(
      'has the content hashes that its servers wrote',
      everyEvent((event) => {
        expect(contentHash(event.pdu, version)).to.equal(event.pdu.hashes.sha256);
        expect(checkContentHash(event)).to.equal(true);
        expect(checkContentHash({ version, pdu: { ...event.pdu, unknown: 1 } })).to.equal(false);
      }),
    );

    it(
      'is signed by its servers',
      everyEvent((event) => {
        expect(requiredSignatures(event)).to.have.lengthOf.above(0);
        expect(verifyEventSignatures(event, keyFor)).to.deep.equal({ allowed: true });
        expect(verifyEventSignatures(event, () => undefined).allowed).to.equal(false);
        const moved = { ...event, pdu: { ...event.pdu, origin_server_ts: event.sentAt + 1 } };
        expect(verifyEventSignatures(moved, keyFor).allowed).to.equal(false);
      }),
    );

    it(
      'keeps ids and signatures when it is redacted',
      everyEvent((event) => {
        const redacted = redactEvent(event);
        expect(eventIdOf(redacted.pdu, version)).to.equal(event.eventId);
        expect(referenceHash(redacted.pdu, version)).to.equal(referenceHash(event.pdu, version));
        expect(verifyEventSignatures(redacted, keyFor)).to.deep.equal({ allowed: true });
      }),
    );

    it(
      'is the same after it has been stored',
      everyEvent((event) => {
        const { text, ...rest } = event;
        expect(pduText({ ...event, text: undefined })).to.equal(text);
        expect(storedEvent(event.eventId, event.roomId, version, pduText(event))).to.deep.equal(rest);
      }),
    );
  });
}
