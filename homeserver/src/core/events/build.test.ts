import { readFileSync } from 'node:fs';
import { MatrixError } from '@holm/spec/errors';
import { EventId, KeyId, RoomId, ServerName, UserId } from '@holm/spec/ids';
import type { JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import fc from 'fast-check';
import { arbitraryObject } from '../../testing/arbitrary-json.ts';
import { decodeBase64 } from '../crypto/base64.ts';
import { signingKeyFromSeed, verifyKeyOf } from '../crypto/keys.ts';
import { signText } from '../crypto/signing.ts';
import { canonicalJson } from '../json/canonical.ts';
import { type RoomVersion, roomVersion, roomVersions } from '../rooms/room-version.ts';
import { addSignature, buildEvent, type EventDraft, type Signer, signTemplate } from './build.ts';
import { checkContentHash, contentHash, eventIdOf, referenceText } from './hashes.ts';
import { isRefused, parsePdu } from './parse-pdu.ts';
import { pduText } from './pdu-text.ts';
import { isSignedBy, requiredSignatures, verifyEventSignatures } from './signatures.ts';
import { redactEvent } from './to-event.ts';

interface SpecVectors {
  readonly signing_key_seed_b64: string;
  readonly key_id: string;
  readonly signing: readonly { readonly kind: string; readonly input: JsonObject; readonly signed: JsonObject }[];
}

const vectorsUrl = new URL('../../../../spec/vectors/spec-vectors.json', import.meta.url);
const vectors = JSON.parse(readFileSync(vectorsUrl, 'utf8')) as SpecVectors;
const key = signingKeyFromSeed(KeyId.parse(vectors.key_id), decodeBase64(vectors.signing_key_seed_b64)!);
const signer: Signer = { server: ServerName.parse('domain'), key };
const keyFor = (server: string) => (server === 'domain' ? verifyKeyOf(key) : undefined);

const draft = (version: RoomVersion, fields: Partial<EventDraft> = {}): EventDraft => ({
  version,
  roomId: RoomId.parse(version.roomIds === 'create hash' ? '!room' : '!room:domain'),
  eventId: version.eventIds === 'supplied' ? EventId.parse('$event:domain') : undefined,
  type: 'm.room.message',
  sender: UserId.parse('@alice:domain'),
  content: { body: 'Hello', msgtype: 'm.text' },
  prevEvents: [EventId.parse('$prev')],
  authEvents: [EventId.parse('$auth')],
  depth: 7,
  sentAt: 1_700_000_000_000,
  ...fields,
});

describe('signing events', () => {
  for (const { input, signed } of vectors.signing.filter(({ kind }) => kind === 'event')) {
    it(`hashes and signs the specification's event of type ${JSON.stringify(input['type'])}`, () => {
      const version = roomVersion('1')!;
      const hashed = { ...input, hashes: { sha256: contentHash(input, version) } };
      expect(hashed.hashes).to.deep.equal(signed['hashes']);
      const signature = signText(referenceText(hashed, version), key);
      expect(signed['signatures']).to.deep.equal({ domain: { [key.keyId]: signature } });
    });
  }
});

describe('buildEvent', () => {
  for (const version of roomVersions) {
    it(`makes events that others accept in version ${version.id}`, () => {
      fc.assert(
        fc.property(arbitraryObject, fc.option(fc.string({ maxLength: 60 })), (content, stateKey) => {
          const event = buildEvent(draft(version, { content, stateKey: stateKey ?? undefined }), signer);
          expect(parsePdu(JSON.parse(pduText(event)), version)).to.deep.equal(event);
          expect(checkContentHash(event)).to.equal(true);
          expect(eventIdOf(event.pdu, version)).to.equal(event.eventId);
          expect(canonicalJson(event.pdu)).to.equal(event.text);
          expect(verifyEventSignatures(event, keyFor)).to.deep.equal({ allowed: true });
          expect(verifyEventSignatures(redactEvent(event), keyFor)).to.deep.equal({ allowed: true });
        }),
        { numRuns: 20 },
      );
    });
  }

  it('names a room by its create event where the version does', () => {
    const version = roomVersion('12')!;
    const create = buildEvent(draft(version, { type: 'm.room.create', stateKey: '', roomId: undefined }), signer);
    expect(create.roomId).to.equal(`!${create.eventId.slice(1)}`);
    expect(create.pdu).not.to.have.property('room_id');
    const authEvents = [create.eventId, EventId.parse('$join')];
    const event = buildEvent(draft(version, { roomId: create.roomId, authEvents }), signer);
    expect(event.pdu['auth_events']).to.deep.equal(['$join']);
    expect(event.authEvents).to.deep.equal(authEvents);
  });

  it('puts what is redacted where the version looks for it', () => {
    const redaction = { type: 'm.room.redaction', content: { reason: 'spam' }, redacts: EventId.parse('$bad') };
    const old = buildEvent(draft(roomVersion('10')!, redaction), signer);
    expect(old.pdu).to.include({ redacts: '$bad' });
    expect(old.content).to.deep.equal({ reason: 'spam' });
    const since11 = buildEvent(draft(roomVersion('11')!, redaction), signer);
    expect(since11.pdu).not.to.have.property('redacts');
    expect(since11.content).to.deep.equal({ reason: 'spam', redacts: '$bad' });
    expect([old.redacts, since11.redacts]).to.deep.equal(['$bad', '$bad']);
  });

  const unsendable: [title: string, fields: Partial<EventDraft>, errcode: string][] = [
    ['a fraction', { content: { body: 1.5 } }, 'M_BAD_JSON'],
    ['an unpaired surrogate', { content: { body: '\ud800' } }, 'M_BAD_JSON'],
    ['a content that is too large', { content: { body: 'x'.repeat(65_536) } }, 'M_TOO_LARGE'],
    ['a content of too many bytes', { content: { body: '日'.repeat(22_000) } }, 'M_TOO_LARGE'],
    ['a type that is too long', { type: 'x'.repeat(256) }, 'M_TOO_LARGE'],
    ['a state key of too many bytes', { stateKey: '日'.repeat(86) }, 'M_TOO_LARGE'],
  ];
  for (const [title, fields, errcode] of unsendable) {
    it(`refuses ${title}`, () => {
      expect(() => buildEvent(draft(roomVersion('12')!, fields), signer))
        .to.throw(MatrixError)
        .with.property('errcode', errcode);
    });
  }

  it('names whoever let a member in on the join alone', () => {
    const built = (membership: string): JsonObject => {
      const content = { membership, join_authorised_via_users_server: '@mod:domain', reason: 'x' };
      return buildEvent(
        draft(roomVersion('12')!, { type: 'm.room.member', stateKey: '@alice:domain', content }),
        signer,
      ).content;
    };
    expect(built('join')).to.have.property('join_authorised_via_users_server');
    expect(built('leave')).to.deep.equal({ membership: 'leave', reason: 'x' });
  });

  it('takes whole numbers beyond 2^53 in the versions that allow them, and fractions', () => {
    const event = buildEvent(draft(roomVersion('5')!, { content: { a: 1.5, b: 2 ** 60 } }), signer);
    expect(event.text).to.include('"content":{"a":1.5,"b":1152921504606846976}');
  });
});

describe('signTemplate', () => {
  const version = roomVersion('10')!;
  const { hashes: _, signatures: __, ...template } = buildEvent(draft(version), signer).pdu;

  it('signs what another server proposed, and nothing else that it added', () => {
    const event = signTemplate(
      { ...template, hashes: {}, signatures: { evil: {} }, unsigned: { age: 1 } },
      version,
      signer,
    );
    expect(event).to.deep.equal(buildEvent(draft(version), signer));
  });

  for (const [title, change] of [
    ['without a sender', { sender: undefined }],
    ['with a fraction', { content: { a: 1.5 } }],
    ['that is too large', { content: { a: 'x'.repeat(66_000) } }],
  ] as [string, JsonObject][]) {
    it(`refuses one ${title}`, () =>
      expect(signTemplate({ ...template, ...change }, version, signer)).to.have.key('refused'));
  }
});

describe('addSignature', () => {
  it('stands beside those that the event has', () => {
    const version = roomVersion('11')!;
    const other: Signer = {
      server: ServerName.parse('other'),
      key: signingKeyFromSeed(KeyId.parse('ed25519:o'), new Uint8Array(32)),
    };
    const event = buildEvent(draft(version), signer);
    const both = addSignature(addSignature(event, other), other);
    expect(both.eventId).to.equal(eventIdOf(both.pdu, version));
    expect(isSignedBy(both, 'domain', verifyKeyOf(key))).to.equal(true);
    expect(isSignedBy(both, 'other', verifyKeyOf(other.key))).to.equal(true);
    expect(isSignedBy(event, 'other', verifyKeyOf(other.key))).to.equal(false);
    const parsed = parsePdu(JSON.parse(pduText(both)), version);
    expect(!isRefused(parsed) && parsed.pdu.signatures).to.deep.equal(both.pdu.signatures);
  });
});

describe('requiredSignatures', () => {
  const member = (content: JsonObject, version = '10'): readonly string[] =>
    requiredSignatures(
      buildEvent(draft(roomVersion(version)!, { type: 'm.room.member', stateKey: '@bob:else', content }), signer),
    );
  const authorised = { membership: 'join', join_authorised_via_users_server: '@mod:third' };
  const version = roomVersion('10')!;
  const join = buildEvent(
    draft(version, { type: 'm.room.member', stateKey: '@a:domain', content: authorised }),
    signer,
  );
  const carried = requiredSignatures({ ...join, content: { ...authorised, membership: 'leave' } });
  const cases: [title: string, servers: readonly string[], expected: string[]][] = [
    ['the server of the sender', member({ membership: 'join' }), ['domain']],
    ['the server of whoever let the sender in', member(authorised), ['domain', 'third']],
    ['not where the version does not know that', member(authorised, '7'), ['domain']],
    ['not on what only carries the key along', carried, ['domain']],
    ['nobody for an invite to an address', member({ membership: 'invite', third_party_invite: {} }), []],
    ['the server of a given event id', member({ membership: 'invite', third_party_invite: {} }, '2'), ['domain']],
  ];
  for (const [title, servers, expected] of cases) it(`names ${title}`, () => expect(servers).to.deep.equal(expected));
});
