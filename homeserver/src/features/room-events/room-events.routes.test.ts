import { DeviceId, type RoomId } from '@holm/spec/ids';
import { expect } from 'chai';
import { createTestApp, serve, type TestServer } from '../../testing/http.ts';
import { createTestRooms, type TestRooms, user } from '../../testing/room-features.ts';
import { membershipRoutes } from '../membership/index.ts';
import { roomCreationRoutes } from '../room-creation/index.ts';
import { roomHistoryRoutes } from '../room-history/index.ts';
import { roomStateRoutes } from '../room-state/index.ts';
import { roomEventsRoutes } from './index.ts';

type Answer = Record<string, unknown>;

/** The tokens of these tests are their users' names. */
const authenticate = {
  user: async (token: string) => ({ userId: user(token), deviceId: DeviceId.parse('PHONE'), tokenId: 1 }),
  server: () => Promise.reject(new Error('no server calls here')),
};

describe('rooms over HTTP', () => {
  let test: TestRooms;
  let server: TestServer;
  let roomId: RoomId;
  before(async () => {
    test = await createTestRooms();
    const routes = [
      ...roomCreationRoutes(test.creation),
      ...membershipRoutes(test),
      ...roomEventsRoutes(test.sending, { schedule: () => Promise.reject(new Error('no delays here')) }),
      ...roomHistoryRoutes(test.history, test.dates),
      ...roomStateRoutes(test.state),
    ];
    server = await serve(createTestApp(routes, { authenticate }).handler());
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  const call = async (method: string, path: string, body?: object, token = 'alice'): Promise<[number, Answer]> => {
    const response = await fetch(`${server.origin}/_matrix/client/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    return [response.status, (await response.json()) as Answer];
  };

  it('create, invite, join, talk, read, leave and forget', async () => {
    const [, created] = await call('POST', 'v3/createRoom', { name: 'Den' });
    roomId = created['room_id'] as RoomId;
    const room = `v3/rooms/${encodeURIComponent(roomId)}`;
    expect(await call('POST', `${room}/invite`, { user_id: '@bob:a.test' })).to.eql([200, {}]);
    expect(await call('POST', `v3/join/${encodeURIComponent(roomId)}`, undefined, 'bob')).to.eql([
      200,
      { room_id: roomId },
    ]);
    const [, sent] = await call('PUT', `${room}/send/m.room.message/1`, { body: 'hi' }, 'bob');
    expect(await call('PUT', `${room}/send/m.room.message/1`, { body: 'hi' }, 'bob')).to.eql([200, sent]);
    const eventId = encodeURIComponent(sent['event_id'] as string);
    const [, event] = await call('GET', `${room}/event/${eventId}`);
    expect(event).to.include({ type: 'm.room.message', room_id: roomId, sender: '@bob:a.test' });
    const [, around] = await call('GET', `${room}/context/${eventId}?limit=0`);
    expect(around['event']).to.eql(event);
    const [, redaction] = await call('PUT', `${room}/redact/${eventId}/2`, {}, 'bob');
    expect(redaction).to.have.property('event_id');
    const [, page] = await call('GET', `${room}/messages?dir=b&limit=2`);
    expect(page['chunk']).to.have.length(2);
    expect((await call('GET', `${room}/joined_members`))[1]['joined']).to.have.keys('@alice:a.test', '@bob:a.test');
    expect((await call('GET', `${room}/members?membership=join`))[1]['chunk']).to.have.length(2);
    expect((await call('GET', 'v3/joined_rooms', undefined, 'bob'))[1]).to.eql({ joined_rooms: [roomId] });
    expect(await call('POST', `${room}/leave`, {}, 'bob')).to.eql([200, {}]);
    expect(await call('POST', `${room}/forget`, {}, 'bob')).to.eql([200, {}]);
    expect((await call('GET', `${room}/messages?dir=b`, undefined, 'bob'))[1]['errcode']).to.equal('M_FORBIDDEN');
  });

  it('set and get state with an empty key in each spelling', async () => {
    const room = `rooms/${encodeURIComponent(roomId)}/state/m.room.topic`;
    for (const [i, path] of [`v3/${room}`, `v3/${room}/`, `r0/${room}`, `r0/${room}/`].entries()) {
      const topic = { topic: `spelling ${i}` };
      expect((await call('PUT', path, topic))[1]).to.have.property('event_id');
      expect(await call('GET', path)).to.eql([200, topic]);
    }
    const keyed = `v3/rooms/${encodeURIComponent(roomId)}/state/org.example/${encodeURIComponent('a/b')}`;
    await call('PUT', keyed, { x: 1 });
    expect((await call('GET', `${keyed}?format=event`))[1]).to.include({ state_key: 'a/b', type: 'org.example' });
    expect((await call('GET', `v3/rooms/${encodeURIComponent(roomId)}/state`))[1]).to.have.length(10);
  });

  it('take null for no reason, as libraries for bots send it', async () => {
    const [, created] = await call('POST', 'v3/createRoom', { preset: 'public_chat' });
    const room = `v3/rooms/${encodeURIComponent(created['room_id'] as string)}`;
    const bob = { user_id: '@bob:a.test', reason: null };
    const steps: [string, object, string, string][] = [
      ['invite', bob, 'alice', 'invite'],
      ['join', { reason: null }, 'bob', 'join'],
      ['kick', bob, 'alice', 'leave'],
      ['ban', bob, 'alice', 'ban'],
      ['unban', bob, 'alice', 'leave'],
      ['join', { reason: null }, 'bob', 'join'],
      ['leave', { reason: null }, 'bob', 'leave'],
    ];
    for (const [verb, body, sender, membership] of steps) {
      expect((await call('POST', `${room}/${verb}`, body, sender))[0], verb).to.equal(200);
      const [, member] = await call('GET', `${room}/state/m.room.member/@bob:a.test`);
      expect(member, verb).to.include({ membership }).and.not.have.property('reason');
    }
  });

  it('refuse what is not right', async () => {
    const room = `v3/rooms/${encodeURIComponent(roomId)}`;
    const refusals: [string, string, object | undefined, number, string][] = [
      ['POST', 'v3/createRoom', { preset: 'secret' }, 400, 'M_BAD_JSON'],
      ['POST', 'v3/createRoom', { invite: ['bob'] }, 400, 'M_BAD_JSON'],
      ['POST', 'v3/createRoom', { initial_state: [{ type: 'x' }] }, 400, 'M_BAD_JSON'],
      ['POST', `${room}/invite`, {}, 400, 'M_MISSING_PARAM'],
      ['POST', `${room}/kick`, {}, 400, 'M_BAD_JSON'],
      ['POST', `${room}/unban`, { user_id: '@nobody:a.test' }, 403, 'M_BAD_STATE'],
      ['POST', `${room}/forget`, {}, 400, 'M_UNKNOWN'],
      ['POST', 'v3/join/nonsense', {}, 400, 'M_INVALID_PARAM'],
      ['POST', 'v3/join/%23none:a.test', {}, 404, 'M_NOT_FOUND'],
      ['POST', 'v3/rooms/!none:b.test/join', {}, 404, 'M_NOT_FOUND'],
      ['POST', 'v3/knock/!none:b.test', {}, 404, 'M_NOT_FOUND'],
      ['GET', `${room}/messages`, undefined, 400, 'M_MISSING_PARAM'],
      ['GET', `${room}/messages?dir=x`, undefined, 400, 'M_INVALID_PARAM'],
      ['GET', `${room}/messages?dir=b&limit=-1`, undefined, 400, 'M_INVALID_PARAM'],
      ['GET', `${room}/members?membership=guest`, undefined, 400, 'M_INVALID_PARAM'],
      ['GET', `${room}/event/none`, undefined, 400, 'M_INVALID_PARAM'],
      ['GET', `${room}/event/%24none`, undefined, 404, 'M_NOT_FOUND'],
      ['PUT', `${room}/send/m.room.message/3?org.matrix.msc4140.parent_delay_id=5`, {}, 400, 'M_UNRECOGNIZED'],
      ['PUT', `${room}/send/m.room.message/3?org.matrix.msc4140.delay=soon`, {}, 400, 'M_INVALID_PARAM'],
      ['PUT', `${room}/state/m.room.topic/?org.matrix.msc4140.delay=0`, {}, 400, 'M_INVALID_PARAM'],
      ['PUT', `${room}/send/m.room.message/3?sticky_duration_ms=3600001`, {}, 400, 'M_INVALID_PARAM'],
      ['PUT', `${room}/send/a%00b/3`, {}, 400, 'M_INVALID_PARAM'],
    ];
    for (const [method, path, body, status, errcode] of refusals) {
      const [got, answer] = await call(method, path, body);
      expect([got, answer['errcode']], `${method} ${path}`).to.eql([status, errcode]);
    }
  });
});
