import { sql } from '@holm/homeserver/storage/sql';
import type { Json } from '@holm/spec/json';
import { expect } from 'chai';
import type { TestNetwork } from '../src/network.ts';
import { type Person, textsOf } from '../src/people.ts';
import { networkWithRogue } from '../src/rogue-network.ts';
import { resealed, RogueRoom } from '../src/rogue-room.ts';
import type { Rogue } from '../src/rogue.ts';

/** What a server remembers of transactions is lost when it stops; that they have been dealt with must not be. */
describe('a transaction that comes again after a restart', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let room: RogueRoom;
  beforeEach(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test']));
    alice = await network.person('alice', 'a.test');
    await alice.view.sync();
    room = await RogueRoom.join(rogue, network.server('a.test'), await alice.createRoom());
  });
  afterEach(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  const fingerprint = async () => {
    const [row] = await network.server('a.test').rows(sql`
      SELECT (SELECT count(*)::int FROM events) AS events, (SELECT sum(version)::int FROM room_heads) AS heads,
             (SELECT count(*)::int FROM to_device_messages) AS messages`);
    return { ...(row as object), state: await alice.state(room.roomId) };
  };

  it('gets the same answer but for what was rejected, which is no news, and changes nothing', async () => {
    const good = room.event();
    room.last = good;
    const topic = room.event({ type: 'm.room.topic', stateKey: '', content: { topic: 'mine' } });
    const tampered = { ...room.event().pdu, content: { body: 'tampered' } };
    const unsigned = resealed(
      room.event().pdu,
      { sender: '@somebody:nowhere.test' },
      { version: room.version, signer: rogue.signer },
    );
    const letter = {
      edu_type: 'm.direct_to_device',
      content: {
        sender: room.user, type: 'org.example.letter', message_id: 'letter',
        messages: { [alice.userId]: { [alice.deviceId]: { n: 1 } } },
      },
    }; // prettier-ignore
    const body: Json = {
      origin: rogue.name, origin_server_ts: 1, pdus: [good.pdu, topic.pdu, tampered, unsigned], edus: [letter],
    }; // prettier-ignore
    const send = () => rogue.send(network.server('a.test'), 'PUT', '/_matrix/federation/v1/send/again', body);
    const first = await send();
    await network.settle();
    const before = await fingerprint();
    expect([first.status, Object.keys(first.body.pdus).length]).to.eql([200, 4]);
    await network.stop('a.test');
    await network.start('a.test');
    const second = await send();
    expect(first.body.pdus[topic.eventId].error).to.be.a('string');
    expect([second.status, second.body.pdus]).to.eql([200, { ...first.body.pdus, [topic.eventId]: {} }]);
    await network.settle();
    expect(await fingerprint()).to.eql(before);
    expect(textsOf(await alice.history(room.roomId))).to.eql([undefined, good.content['body']]); // what was tampered with has no content
    const { to_device: told } = await alice.view.sync();
    expect(told.events.map(({ content }: { content: unknown }) => content)).to.eql([{ n: 1 }]);
  });
});
