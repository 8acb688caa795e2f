import { sql } from '@holm/homeserver/storage/sql';
import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import type { Endpoint } from '@holm/spec/endpoint';
import type { Json, JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import { readLedger } from '../../spec/coverage/ledger.ts';
import { BAD_KEYS, forgeries, spoilKeys } from '../src/forgeries.ts';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { TEXTS } from '../src/nonsense.ts';
import type { Person } from '../src/people.ts';
import { RogueRoom } from '../src/rogue-room.ts';
import { Rogue } from '../src/rogue.ts';

const TOO_LARGE = 30_000_000;

/** https://spec.matrix.org/latest/server-server-api/#server-access-control-lists-acls */
const PROTECTED = [
  'makeJoin', 'sendJoinV1', 'sendJoinV2', 'makeLeave', 'sendLeaveV1', 'sendLeaveV2', 'sendInviteV1', 'sendInviteV2', 'makeKnock',
  'sendKnock', 'getRoomState', 'getRoomStateIds', 'backfillRoom', 'getEventAuth', 'getMissingPreviousEvents',
]; // prettier-ignore

/** Every server-server operation of the ledger, met by servers that have no right to what they ask for. */
describe('all operations between servers', () => {
  const clock = new ManualClock();
  let network: TestNetwork;
  let rogue: Rogue;
  let outsider: Rogue;
  let owner: Person;
  let inside: RogueRoom;
  let endpoints: ReadonlyMap<string, Endpoint>;
  const started: Rogue[] = [];
  const start = async (name: string): Promise<Rogue> => {
    const one = await Rogue.start(name, clock);
    started.push(one);
    return one;
  };

  before(async () => {
    rogue = await start('rogue.test');
    outsider = await start('outsider.test');
    for (const name of Object.keys(BAD_KEYS)) spoilKeys(await start(name), clock);
    const strangers = Object.fromEntries(started.map(({ name, url }) => [name, url]));
    network = await TestNetwork.with({ names: ['a.test'], strangers });
    owner = await network.person('owner', 'a.test');
    const room = await owner.createRoom({ preset: 'public_chat' });
    inside = await RogueRoom.join(rogue, server(), room);
    const mounted = server().running.routes.map(({ endpoint }) => endpoint);
    endpoints = new Map(mounted.filter(({ api }) => api === 'server-server').map((one) => [one.operationId, one]));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await Promise.all(started.map((one) => one[Symbol.asyncDispose]()));
  });

  const server = () => network.server('a.test');
  const operations = readLedger().filter(({ api }) => api === 'server-server');
  const built = operations.filter(({ status }) => status === 'done' || status === 'partial');

  const endpointOf = (operationId: string): Endpoint => {
    const endpoint = endpoints.get(operationId);
    if (!endpoint) throw new Error(`${operationId} is not mounted`);
    return endpoint;
  };

  /** A request that has all that it needs, about a room that may or may not be there. */
  const uriOf = ({ path, query }: Endpoint, known: Readonly<Record<string, string>> = {}): string => {
    const values: Readonly<Record<string, string>> = {
      roomId: inside.roomId, eventId: inside.last.eventId, userId: inside.user, serverName: 'rogue.test', mediaId: 'x', txnId: 'walk',
      queryType: 'profile', event_id: inside.last.eventId, v: inside.last.eventId, limit: '10', ts: '1', dir: 'f', ver: '12',
      user_id: owner.userId, room_alias: '#nowhere:a.test', access_token: 'x', ...known,
    }; // prettier-ignore
    const filled = path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? 'x'));
    const asked = Object.keys((query['properties'] as object | undefined) ?? {}).filter((name) => name in values);
    return `${filled}?${asked.map((name) => `${name}=${encodeURIComponent(values[name]!)}`).join('&')}`;
  };

  /** What an operation is sent of a room, and the id of the event in it. */
  const told = (operationId: string, by: RogueRoom): { readonly eventId: string; readonly body: Json } => {
    const member = (stateKey: string, membership: string) =>
      by.event({ type: 'm.room.member', stateKey, content: { membership } });
    const latest = { earliest_events: [], latest_events: [by.last.eventId] };
    if (operationId === 'getMissingPreviousEvents') return { eventId: by.last.eventId, body: latest };
    if (operationId.startsWith('sendInvite')) {
      const { pdu, eventId } = member(owner.userId, 'invite');
      const about = { room_version: '12', event: pdu, invite_room_state: [by.authEvents[0]!.pdu] };
      return { eventId, body: operationId === 'sendInviteV1' ? pdu : about };
    }
    const membership = ['join', 'knock'].find((one) => operationId.toLowerCase().includes(one)) ?? 'leave';
    const { pdu, eventId } = member(by.user, membership);
    return { eventId: operationId.startsWith('send') ? eventId : by.last.eventId, body: pdu };
  };

  const fingerprint = async (): Promise<JsonObject> => {
    const [row] = await server().rows<{ events: number; messages: number }>(sql`
      SELECT (SELECT count(*)::int FROM events) AS events, (SELECT count(*)::int FROM to_device_messages) AS messages`);
    return { ...row, state: (await owner.state(inside.roomId)) as JsonObject };
  };

  it('are 36, and those that are not built are not there', async () => {
    expect(operations).to.have.length(36);
    for (const { operationId, method, path } of operations.filter((one) => !built.includes(one))) {
      expect(endpoints.has(operationId), operationId).to.equal(false);
      const { status, body } = await call(method, server().url + path.replaceAll(/[{}]/g, ''), {
        body: method === 'GET' ? undefined : {},
      });
      expect([operationId, status, body.errcode]).to.eql([operationId, 404, 'M_UNRECOGNIZED']);
    }
  });

  for (const { operationId, method, path } of built) {
    describe(operationId, () => {
      const content = method === 'GET' ? undefined : '{}';

      it('believes no forged request', async () => {
        const before = await fingerprint();
        const endpoint = endpointOf(operationId);
        const uri = uriOf(endpoint);
        for (const [what, authorization] of Object.entries(forgeries({ method, uri, content }, rogue))) {
          const headers = authorization === undefined ? {} : { authorization };
          const { status, body } = await call(method, server().url + uri, { headers, body: content });
          if (endpoint.auth === 'server') expect([what, status, body.errcode]).to.eql([what, 401, 'M_UNAUTHORIZED']);
          else expect(status, `${what}: ${JSON.stringify(body)}`).to.be.below(500);
        }
        expect(await fingerprint()).to.eql(before);
      });

      if (method !== 'GET') {
        it('takes no body that is too large or no JSON', async () => {
          const uri = uriOf(endpointOf(operationId));
          for (const text of TEXTS.slice(0, 2)) {
            const { status, body } = await rogue.sendText(server(), method, uri, text);
            expect([text, status]).to.eql([text, 400]);
            expect(body.errcode, text).to.be.oneOf(['M_NOT_JSON', 'M_BAD_JSON']);
          }
          const large = `{"a":"${'a'.repeat(TOO_LARGE)}"}`;
          const answer = await rogue.sendText(server(), method, uri, large).catch(() => undefined);
          // A server may also just hang up on who goes on talking.
          if (answer) expect([answer.status, answer.body.errcode]).to.eql([413, 'M_TOO_LARGE']);
        });
      }

      if (path.includes('{roomId}') && !operationId.startsWith('sendInvite')) {
        it('tells nothing of rooms that are not there, or that one is not in', async () => {
          const endpoint = endpointOf(operationId);
          const before = await fingerprint();
          const hidden = await owner.createRoom({ preset: 'private_chat' });
          for (const roomId of ['!nowhere:a.test', hidden]) {
            const uri = uriOf(endpoint, { roomId, userId: '@somebody:outsider.test' });
            const about = { ...(told(operationId, inside).body as JsonObject), room_id: roomId };
            const { status, body } = await outsider.send(server(), method, uri, about);
            expect(status, `${roomId}: ${status} ${JSON.stringify(body)}`).to.be.oneOf([400, 403, 404]);
            expect(JSON.stringify(body)).not.to.include('m.room.');
          }
          const { events: _, ...kept } = await fingerprint();
          const { events: __, ...had } = before;
          expect(kept).to.eql(had);
        });
      }

      if (PROTECTED.includes(operationId)) {
        it('is denied by an access control list, however the name is written', async () => {
          // The first version of the operation is for the first room versions.
          const version = operationId === 'sendInviteV1' ? '2' : '12';
          const room = await owner.createRoom({ preset: 'public_chat', room_version: version });
          const denied = await RogueRoom.join(rogue, server(), room);
          await owner.setState(denied.roomId, ['m.room.server_acl', ''], { allow: ['*'], deny: ['RoGuE.TesT'] });
          const { eventId, body: sent } = told(operationId, denied);
          const uri = uriOf(endpointOf(operationId), { roomId: denied.roomId, eventId });
          const { status, body } = await rogue.send(server(), method, uri, sent);
          expect([status, body.errcode]).to.eql([403, 'M_FORBIDDEN']);
        });
      }
    });
  }
});
