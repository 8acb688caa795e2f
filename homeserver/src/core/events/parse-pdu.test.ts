import { expect } from 'chai';
import fc from 'fast-check';
import type { JsonObject } from '@holm/spec/json';
import { arbitraryJson, arbitraryObject } from '../../testing/arbitrary-json.ts';
import { parseJson } from '../json/parse.ts';
import { roomVersion, roomVersions } from '../rooms/room-version.ts';
import { isRefused, parsePdu } from './parse-pdu.ts';
import { pduText } from './pdu-text.ts';
import { storedEvent } from './stored-event.ts';

const pdu = {
  auth_events: ['$create'],
  content: { body: 'x' },
  depth: 3,
  hashes: { sha256: 'x' },
  origin_server_ts: 5,
  prev_events: ['$prev'],
  room_id: '!room:a.test',
  sender: '@alice:a.test',
  signatures: { 'a.test': { 'ed25519:1': 'x' } },
  type: 'm.room.message',
};
const paired = {
  ...pdu,
  event_id: '$e:a.test',
  auth_events: [['$create', { sha256: 'x' }]],
  prev_events: [['$prev', {}]],
};

const parse = (version: string, change: Record<string, unknown>) => {
  const base = Number(version) < 3 ? paired : pdu;
  return parsePdu(JSON.parse(JSON.stringify({ ...base, ...change })), roomVersion(version)!);
};
const refusal = (version: string, change: Record<string, unknown>): string | undefined => {
  const event = parse(version, change);
  return isRefused(event) ? event.refused : undefined;
};
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `$${index}`);

describe('parsePdu', () => {
  for (const { id } of roomVersions) it(`reads version ${id}`, () => expect(refusal(id, {})).to.equal(undefined));

  const missing = [...Object.keys(pdu)];
  for (const name of missing) {
    it(`asks for ${name} in every version`, () => {
      for (const { id } of roomVersions) expect(refusal(id, { [name]: undefined }), id).to.include(name);
    });
  }

  const malformed: [name: string, value: unknown][] = [
    ['type', 5], ['sender', 'alice'], ['sender', '@alice'], ['sender', 'x@alice:a.test'], ['state_key', null], ['content', []],
    ['content', null], ['depth', -1], ['depth', 1.5], ['depth', '1'], ['origin_server_ts', '5'], ['origin_server_ts', 1.5],
    ['hashes', {}], ['hashes', { sha256: 5 }], ['hashes', []], ['signatures', []], ['signatures', { a: 'x' }],
    ['signatures', { a: { b: 5 } }], ['room_id', '#room:a.test'], ['room_id', '!'], ['room_id', 5], ['prev_events', {}],
    ['prev_events', [5]], ['prev_events', ['x']], ['auth_events', [null]], ['auth_events', '$x'],
    ['type', 'a\0'], ['state_key', '\0'],
  ]; // prettier-ignore
  for (const [name, value] of malformed) {
    it(`refuses ${name} ${JSON.stringify(value)} in every version`, () => {
      for (const { id } of roomVersions) expect(refusal(id, { [name]: value }), id).to.include(name);
    });
  }

  it('tells pairs from ids', () => {
    expect(refusal('2', { prev_events: ['$prev'] })).to.include('prev_events');
    expect(refusal('2', { auth_events: [['$prev']] })).to.include('auth_events');
    expect(refusal('2', { auth_events: [['$prev', 'hash']] })).to.include('auth_events');
    expect(refusal('3', { prev_events: [['$prev', {}]] })).to.include('prev_events');
  });

  it('asks for an event id only where servers name their events', () => {
    expect(refusal('1', { event_id: undefined })).to.include('event_id');
    expect(refusal('1', { event_id: '$no-server' })).to.include('event_id');
    expect(refusal('1', { event_id: '$\0:a.test' })).to.include('event_id');
    const event = parse('3', { event_id: '$given:a.test' });
    expect(!isRefused(event) && event.eventId).to.match(/^\$[A-Za-z0-9+/]{43}$/);
  });

  it('lets the create event of version 12 go without a room id, and no other', () => {
    const create = { type: 'm.room.create', state_key: '', room_id: undefined, prev_events: [], auth_events: [] };
    const event = parse('12', create);
    if (isRefused(event)) throw new Error(event.refused);
    expect(event.roomId).to.equal(`!${event.eventId.slice(1)}`);
    expect(event.authEvents).to.deep.equal([]);
    expect(refusal('11', create)).to.include('room_id');
    expect(refusal('12', { room_id: undefined })).to.include('room_id');
  });

  it('counts the create event among the authorities where the room id implies it', () => {
    const event = parse('12', { room_id: '!hash' });
    expect(!isRefused(event) && event.authEvents).to.deep.equal(['$hash', '$create']);
    const old = parse('11', {});
    expect(!isRefused(old) && old.authEvents).to.deep.equal(['$create']);
  });

  it('drops what is unsigned, and keeps what it does not know', () => {
    const event = parse('11', { unsigned: { age: 1 }, 'org.example': 1 });
    expect(!isRefused(event) && event.pdu).to.deep.equal({ ...pdu, 'org.example': 1 });
  });

  it('limits references, unless they come from the past', () => {
    expect(refusal('11', { prev_events: ids(20), auth_events: ids(10) })).to.equal(undefined);
    expect(refusal('11', { prev_events: ids(21) })).to.include('prev_events');
    expect(refusal('11', { auth_events: ids(11) })).to.include('auth_events');
    const old = parsePdu({ ...pdu, prev_events: ids(21) }, roomVersion('11')!, { limitReferences: false });
    expect(isRefused(old)).to.equal(false);
  });

  it('limits the canonical form to 65,536 bytes', () => {
    const size = (length: number) => ({ content: { body: 'x'.repeat(length) } });
    const event = parse('11', size(0));
    if (isRefused(event)) throw new Error(event.refused);
    const room = 65_536 - pduText(event).length;
    expect(refusal('11', size(room))).to.equal(undefined);
    expect(refusal('11', size(room + 1))).to.include('65536');
    expect(refusal('11', { content: { body: '日'.repeat(Math.ceil((room + 1) / 3)) } })).to.include('65536');
  });

  const bytes = '日'.repeat(100);
  for (const [name, value] of [
    ['state_key', bytes],
    ['type', bytes],
    ['sender', `@${bytes}:a.test`],
    ['room_id', `!${bytes}`],
  ] as const) {
    it(`keeps a ${name} of too many bytes as rejected, up to version 11`, () => {
      const event = parse('11', { [name]: value });
      expect(!isRefused(event) && event.rejection).to.include(name);
      expect(refusal('12', { [name]: value })).to.include(name);
    });
  }

  it('drops what has too many code points in every version', () => {
    for (const { id } of roomVersions) {
      for (const long of ['x'.repeat(256), '\u{1F600}'.repeat(256)]) {
        expect(refusal(id, { state_key: long }), id).to.include('state_key');
      }
      expect(refusal(id, { state_key: 'x'.repeat(255) }), id).to.equal(undefined);
    }
    expect(refusal('11', { state_key: '\u{1F600}'.repeat(255) })).to.equal(undefined);
  });

  it('judges numbers by the version, though they were read together', () => {
    const text = JSON.stringify([pdu, pdu]).replace('"x"', '"x","n":1.0,"m":9007199254740993');
    const [odd, plain] = parseJson(text, { strict: false }) as JsonObject[];
    const event = parsePdu(odd, roomVersion('5')!);
    if (isRefused(event)) throw new Error(event.refused);
    expect(pduText(event)).to.include('"content":{"body":"x","m":9007199254740993,"n":1.0}');
    const { text: _, ...rest } = event;
    expect(storedEvent(event.eventId, event.roomId, event.version, pduText(event))).to.deep.equal(rest);
    expect(isRefused(parsePdu(odd, roomVersion('6')!))).to.equal(true);
    expect(isRefused(parsePdu(plain, roomVersion('6')!))).to.equal(false);
  });

  it('knows the depths of each version', () => {
    const deep = (depth: string) =>
      parseJson(JSON.stringify(pdu).replace('"depth":3', `"depth":${depth}`), { strict: false });
    const limit = parsePdu(deep('9223372036854775807'), roomVersion('5')!);
    if (isRefused(limit)) throw new Error(limit.refused);
    expect(limit.depth).to.equal(Number.MAX_SAFE_INTEGER);
    expect(pduText(limit)).to.include('"depth":9223372036854775807');
    expect(isRefused(parsePdu(deep('9223372036854775807'), roomVersion('6')!))).to.equal(true);
    expect(isRefused(parsePdu(deep('92233720368547758070'), roomVersion('5')!))).to.equal(true);
  });

  it('never throws', () => {
    const anything = fc.oneof(
      arbitraryJson,
      arbitraryObject.map((content) => ({ ...pdu, content })),
      fc.dictionary(fc.constantFrom(...Object.keys(paired)), arbitraryJson).map((change) => ({ ...paired, ...change })),
    );
    fc.assert(
      fc.property(anything, fc.constantFrom(...roomVersions), (raw, version) => {
        const event = parsePdu(raw, version);
        if (!isRefused(event)) expect(JSON.parse(pduText(event))).to.deep.equal(event.pdu);
      }),
    );
  });
});
