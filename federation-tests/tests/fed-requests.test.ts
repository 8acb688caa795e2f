/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */
import { eventIdOf } from '@holm/homeserver/core/events/hashes';
import { EventId, type RoomId, UserId } from '@holm/spec/ids';
import type { Json, JsonObject } from '@holm/spec/json';
import { expect } from 'chai';
import type { Answer } from '../src/http.ts';
import type { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { resealed, RogueRoom } from '../src/rogue-room.ts';
import type { Rogue } from '../src/rogue.ts';
import { networkWithRogue } from '../src/rogue-network.ts';

const federation = '/_matrix/federation';
const enc = encodeURIComponent;

describe('what another server may ask', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let owner: Person;
  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test']));
    owner = await network.person('owner', 'a.test');
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const ask = (method: string, path: string, body?: Json): Promise<Answer> =>
    rogue.send(network.server('a.test'), method, federation + path, body);
  const outcome = ({ status, body }: Answer) => [status, body.errcode];
  const create = (more: object = {}) => owner.createRoom({ preset: 'public_chat', ...more });
  const enter = async (more: object = {}) => RogueRoom.join(rogue, network.server('a.test'), await create(more));
  const member = '@mallory:rogue.test';

  describe('to join', () => {
    const makeJoin = (room: string, user = member, versions = 'ver=12') =>
      ask('GET', `/v1/make_join/${enc(room)}/${enc(user)}?${versions}`);

    it('is only for its own users, rooms that are there and versions that it knows', async () => {
      const room = await create();
      expect(outcome(await makeJoin(room, owner.userId))).to.deep.equal([403, 'M_FORBIDDEN']);
      expect(outcome(await makeJoin('!nowhere:a.test'))).to.deep.equal([404, 'M_NOT_FOUND']);
      for (const versions of ['', 'ver=1&ver=11']) {
        const answer = await makeJoin(room, member, versions);
        expect(outcome(answer)).to.deep.equal([400, 'M_INCOMPATIBLE_ROOM_VERSION']);
        expect(answer.body.room_version).to.equal('12');
      }
      const { status, body } = await makeJoin(room, member, 'ver=1&ver=12');
      expect([status, body.room_version]).to.deep.equal([200, '12']);
      expect(body.event).to.include({ type: 'm.room.member', sender: member, state_key: member, room_id: room });
      expect(body.event.content).to.deep.equal({ membership: 'join' });
    });

    it('is not for rooms that want an invitation', async () => {
      const room = await create({ preset: 'private_chat' });
      expect(outcome(await makeJoin(room))).to.deep.equal([403, 'M_FORBIDDEN']);
    });

    const wrong: [what: string, change: () => Record<string, Json | undefined>][] = [
      ['of another type', () => ({ type: 'm.room.topic' })],
      ['that does not join', () => ({ content: { membership: 'leave' } })],
      ['of nobody in particular', () => ({ state_key: undefined })],
      ['for somebody else', () => ({ state_key: '@other:rogue.test' })],
      ['of a user of ours', () => ({ sender: owner.userId, state_key: owner.userId })],
      ['of another room', () => ({ room_id: '!other:a.test' })],
      ['without authority', () => ({ auth_events: [] })],
    ];
    for (const [what, change] of wrong) {
      for (const version of ['2', '11']) {
        it(`is refused an event ${what} in version ${version}`, async () => {
          const room = await enter({ room_version: version });
          const pdu = room.event({ type: 'm.room.member', stateKey: room.user, content: { membership: 'join' } }).pdu;
          const changed: JsonObject = JSON.parse(JSON.stringify({ ...pdu, ...change() }));
          const event = resealed(changed, {}, { version: room.version, signer: rogue.signer });
          const id = eventIdOf(event, room.version)!;
          const answer = await ask('PUT', `/v2/send_join/${enc(room.roomId)}/${enc(id)}`, event);
          expect(answer.status).to.be.oneOf([400, 403]);
          expect(answer.body.errcode).to.be.oneOf(['M_INVALID_PARAM', 'M_BAD_JSON', 'M_FORBIDDEN']);
          expect(Object.keys(await owner.members(room.roomId))).to.have.members([owner.userId, member]);
        });
      }
    }

    for (const [endpoint, membership] of [
      ['v2/send_join', 'join'],
      ['v1/send_knock', 'knock'],
      ['v2/send_leave', 'leave'],
    ]) {
      it(`is refused a ${membership} of another server's user`, async () => {
        const room = await enter();
        const event = room.event({
          type: 'm.room.member', sender: UserId.parse(owner.userId), stateKey: owner.userId, content: { membership: membership! },
        }); // prettier-ignore
        const answer = await ask('PUT', `/${endpoint}/${enc(room.roomId)}/${enc(event.eventId)}`, event.pdu);
        expect(outcome(answer)).to.deep.equal([400, 'M_INVALID_PARAM']);
      });
    }

    it('is refused an event that is not the one in the path', async () => {
      const room = await enter();
      const join = room.event({ type: 'm.room.member', stateKey: room.user, content: { membership: 'join' } });
      const answer = await ask('PUT', `/v2/send_join/${enc(room.roomId)}/${enc('$another')}`, join.pdu);
      expect(outcome(answer)).to.deep.equal([400, 'M_INVALID_PARAM']);
    });
  });

  describe('of a room that it is in', () => {
    it('is what happened there, as it was', async () => {
      const room = await enter();
      const said = EventId.parse(await owner.say(room.roomId, 'one'));
      const two = EventId.parse(await owner.say(room.roomId, 'two'));
      const three = EventId.parse(await owner.say(room.roomId, 'three'));
      const path = enc(room.roomId);
      const { body: event } = await ask('GET', `/v1/event/${enc(two)}`);
      expect(event).to.have.keys('origin', 'origin_server_ts', 'pdus');
      expect(event.pdus[0].content.body).to.equal('two');
      const { body: state } = await ask('GET', `/v1/state/${path}?event_id=${enc(two)}`);
      const { body: ids } = await ask('GET', `/v1/state_ids/${path}?event_id=${enc(two)}`);
      expect(state.pdus.length).to.equal(ids.pdu_ids.length);
      expect(state.auth_chain.length).to.equal(ids.auth_chain_ids.length);
      const { body: auth } = await ask('GET', `/v1/event_auth/${path}/${enc(two)}`);
      expect(auth.auth_chain.map(({ type }: any) => type)).to.include.members(['m.room.create', 'm.room.power_levels']);
      const backfill = async (limit: number) =>
        (await ask('GET', `/v1/backfill/${path}?v=${enc(three)}&limit=${limit}`)).body.pdus;
      expect((await backfill(2)).map(({ content }: any) => content.body)).to.deep.equal(['three', 'two']);
      expect((await backfill(500)).length).to.be.greaterThan(5);
      const missing = async (more: object) =>
        (
          await ask('POST', `/v1/get_missing_events/${path}`, {
            latest_events: [three],
            earliest_events: [room.last.eventId],
            ...more,
          })
        ).body.events;
      expect((await missing({})).map(({ content }: any) => content.body)).to.deep.equal(['one', 'two']);
      expect((await missing({ limit: 1 })).map(({ content }: any) => content.body)).to.deep.equal(['two']);
      const depth = event.pdus[0].depth;
      expect((await missing({ min_depth: depth })).map(({ content }: any) => content.body)).to.deep.equal(['two']);
      expect((await missing({ earliest_events: [said] })).map(({ content }: any) => content.body)).to.deep.equal([
        'two',
      ]);
    });

    it('is redacted where its users may not see it', async () => {
      const room = await create({
        initial_state: [
          { type: 'm.room.history_visibility', state_key: '', content: { history_visibility: 'joined' } },
        ],
      });
      const secret = EventId.parse(await owner.say(room, 'before you came'));
      const inside = await RogueRoom.join(rogue, network.server('a.test'), room);
      const { body } = await ask('GET', `/v1/backfill/${enc(room)}?v=${enc(inside.last.eventId)}&limit=2`);
      expect(body.pdus.map(({ type, content }: any) => [type, content])[1]).to.deep.equal(['m.room.message', {}]);
      expect(outcome(await ask('GET', `/v1/event/${enc(secret)}`))).to.deep.equal([404, 'M_NOT_FOUND']);
      expect(JSON.stringify(body)).not.to.contain('before you came');
    });
  });

  const about = (room: RoomId | string, event: string): [method: string, path: string, body?: Json][] => [
    ['GET', `/v1/state/${enc(room)}?event_id=${enc(event)}`],
    ['GET', `/v1/state_ids/${enc(room)}?event_id=${enc(event)}`],
    ['GET', `/v1/event_auth/${enc(room)}/${enc(event)}`],
    ['GET', `/v1/backfill/${enc(room)}?v=${enc(event)}&limit=10`],
    ['POST', `/v1/get_missing_events/${enc(room)}`, { earliest_events: [], latest_events: [event] }],
  ];

  it('about a room that it is not in is nothing', async () => {
    const room = await create();
    const event = await owner.say(room, 'private');
    for (const [method, path, body] of [...about(room, event), ['GET', `/v1/event/${enc(event)}`] as const]) {
      expect([path, ...outcome(await ask(method, path, body))]).to.deep.equal([path, 403, 'M_FORBIDDEN']);
    }
  });

  it('about an event of another room is nothing, though it is in both', async () => {
    const [room, other] = [await enter(), await enter()];
    const event = await owner.say(other.roomId, 'elsewhere');
    for (const [method, path, body] of about(room.roomId, event)) {
      const answer = await ask(method, path, body);
      const told = answer.body.pdus ?? answer.body.events ?? [];
      expect([path, JSON.stringify(told)]).to.deep.equal([path, '[]']);
      expect([path, answer.status]).to.deep.equal([path, /backfill|missing/.test(path) ? 200 : 404]);
    }
  });

  it('is nothing where the room denies it', async () => {
    const room = await enter();
    const event = EventId.parse(await owner.say(room.roomId, 'before'));
    await owner.setState(room.roomId, ['m.room.server_acl', ''], { allow: ['*'], deny: ['ROGUE.test'] });
    const join = room.event({ type: 'm.room.member', stateKey: room.user, content: { membership: 'join' } });
    const place = `${enc(room.roomId)}/${enc(join.eventId)}`;
    const user = `${enc(room.roomId)}/${enc(member)}`;
    const invite = room.event({ type: 'm.room.member', stateKey: owner.userId, content: { membership: 'invite' } });
    for (const [method, path, body] of [
      ...about(room.roomId, event),
      ['GET', `/v1/make_join/${user}?ver=12`] as const,
      ['GET', `/v1/make_leave/${user}`] as const,
      ['PUT', `/v2/send_join/${place}`, join.pdu] as const,
      ['PUT', `/v2/send_leave/${place}`, join.pdu] as const,
    ]) {
      expect([path, ...outcome(await ask(method, path, body))]).to.deep.equal([path, 403, 'M_FORBIDDEN']);
    }
    const body = { room_version: '12', event: invite.pdu, invite_room_state: [room.authEvents[0]!.pdu] };
    const invited = await ask('PUT', `/v2/invite/${enc(room.roomId)}/${enc(invite.eventId)}`, body);
    expect(outcome(invited)).to.deep.equal([403, 'M_FORBIDDEN']);
    const message = room.event({ prevEvents: [event] });
    const pushed = await room.push(message);
    expect(pushed.status).to.equal(200);
    expect(pushed.body.pdus[message.eventId].error).to.be.a('string');
  });

  it('about users and aliases is what is ours', async () => {
    const query = (what: string) => ask('GET', `/v1/query/${what}`);
    await owner.ask('PUT', `/profile/${owner.userId}/displayname`, { displayname: 'The owner' });
    expect((await query(`profile?user_id=${enc(owner.userId)}`)).body).to.deep.equal({ displayname: 'The owner' });
    const field = await query(`profile?user_id=${enc(owner.userId)}&field=displayname`);
    expect(field.body).to.deep.equal({ displayname: 'The owner' });
    const none = ['@nobody:a.test', member];
    for (const user of none) {
      expect(outcome(await query(`profile?user_id=${enc(user)}`))).to.deep.equal([404, 'M_NOT_FOUND']);
    }
    expect(outcome(await query('profile?user_id=nonsense'))).to.deep.equal([400, 'M_INVALID_PARAM']);
    const room = await create({ room_alias_name: 'den' });
    const { body } = await query(`directory?room_alias=${enc('#den:a.test')}`);
    expect(body).to.deep.equal({ room_id: room, servers: ['a.test'] });
    expect(outcome(await query(`directory?room_alias=${enc('#no:a.test')}`))).to.deep.equal([404, 'M_NOT_FOUND']);
    expect(outcome(await query(`directory?room_alias=${enc('#no:rogue.test')}`))).to.deep.equal([404, 'M_NOT_FOUND']);
  });

  it('about devices is that there are none, where there are none', async () => {
    const { body } = await ask('POST', '/v1/user/keys/query', { device_keys: { [owner.userId]: [], [member]: [] } });
    expect(body).to.deep.equal({ device_keys: { [owner.userId]: {} }, master_keys: {}, self_signing_keys: {} });
  });

  describe('for a signature under an invitation', () => {
    let guest: Person;
    before(async () => (guest = await network.person('guest', 'a.test')));
    const sender = UserId.parse(member);
    let rooms = 0;

    /** A room that only the rogue has, and an invitation to it. */
    const invitation = async (version: string) => {
      const template = await enter({ room_version: version });
      const create = template.event({
        type: 'm.room.create', stateKey: '', sender, authEvents: [], prevEvents: [],
        content: { room_version: version, creator: sender, number: rooms++ },
        ...(version === '12' ? { roomId: undefined } : { roomId: '!theirs:rogue.test' as RoomId }),
      }); // prettier-ignore
      const invite = template.event({
        type: 'm.room.member', stateKey: guest.userId, roomId: create.roomId, content: { membership: 'invite' },
        authEvents: [create.eventId],
      }); // prettier-ignore
      return { create, invite, version: template.version };
    };
    const send = (roomId: string, eventId: string, body: JsonObject) =>
      ask('PUT', `/v2/invite/${enc(roomId)}/${enc(eventId)}`, body);

    for (const version of ['2', '10', '12']) {
      it(`gets it in version ${version}, if it is one`, async () => {
        const { create, invite } = await invitation(version);
        const body = { room_version: version, event: invite.pdu, invite_room_state: [create.pdu] };
        const { status, body: answer } = await send(invite.roomId, invite.eventId, body);
        expect([status, Object.keys(answer)]).to.deep.equal([200, ['event']]);
        expect(answer.event.signatures).to.have.keys('a.test', 'rogue.test');
        expect({ ...answer.event, signatures: 0 }).to.deep.equal({ ...invite.pdu, signatures: 0 });
        await guest.view.until('the invitation', ({ invited }) => invited.has(invite.roomId));
      });

      const wrong: [what: string, change: JsonObject, status?: number][] = [
        ['that joins', { content: { membership: 'join' } }],
        ['of another type', { type: 'm.room.topic' }],
        ['by somebody of another server', { sender: '@x:nowhere.test' }],
        ['of somebody of another server', { state_key: '@x:rogue.test' }],
        ['of somebody unknown', { state_key: '@unknown:a.test' }, 404],
        ['with a broken hash', { hashes: { sha256: 'AAAA' } }],
        ['with a broken signature', { signatures: { 'rogue.test': { 'ed25519:rogue': 'AAAA' } } }],
        ['without a signature', { signatures: {} }],
      ];
      for (const [what, change, status = 400] of wrong) {
        it(`does not get it in version ${version} under an event ${what}`, async () => {
          const { create, invite, version: rules } = await invitation(version);
          const isSigned = !('signatures' in change) && !('hashes' in change);
          const event = isSigned
            ? resealed(invite.pdu, change, { version: rules, signer: rogue.signer })
            : { ...invite.pdu, ...change };
          const id = eventIdOf(event, rules)!;
          const body = { room_version: version, event, invite_room_state: [create.pdu] };
          const answer = await send(invite.roomId, id, body);
          expect(outcome(answer)).to.deep.equal([status, status === 404 ? 'M_NOT_FOUND' : 'M_INVALID_PARAM']);
        });
      }
    }

    it('is told of versions that are not known here', async () => {
      const { invite, create } = await invitation('10');
      const body = { room_version: 'unheard-of', event: invite.pdu, invite_room_state: [create.pdu] };
      const answer = await send(invite.roomId, invite.eventId, body);
      expect(outcome(answer)).to.deep.equal([400, 'M_INCOMPATIBLE_ROOM_VERSION']);
    });

    it('must prove in version 12 which room it is about', async () => {
      const { invite, create } = await invitation('12');
      const { create: other } = await invitation('12');
      const unsigned = { ...create.pdu, signatures: {} };
      for (const told of [[], [other.pdu], [unsigned], [create.pdu, { ...other.pdu }], [create.pdu, null]]) {
        const body = { room_version: '12', event: invite.pdu, invite_room_state: told };
        expect(outcome(await send(invite.roomId, invite.eventId, body))).to.deep.equal([400, 'M_INVALID_PARAM']);
      }
    });
  });
});
