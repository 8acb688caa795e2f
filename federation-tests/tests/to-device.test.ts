import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import type { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import type { Rogue } from '../src/rogue.ts';
import { networkWithRogue } from '../src/rogue-network.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

const tell = (from: Person, txn: string, messages: object, type = 'org.example.note') =>
  from.request('PUT', `/sendToDevice/${type}/${txn}`, { messages });

/** What the next sync tells a device, once it has been sent. */
const heard = async (person: Person): Promise<any[]> => {
  const answer = await person.view.sync();
  return (answer.to_device?.events ?? []).map(({ sender, content }: any) => [sender, content.n]);
};

describe('messages to devices', () => {
  let network: TestNetwork;
  let rogue: Rogue;
  let alice: Person;
  let bob: Person;
  let carol: Person;

  before(async () => {
    ({ network, rogue } = await networkWithRogue(['a.test', 'b.test']));
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    await rogue[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    [alice, bob, carol] = await Promise.all([
      network.person('alice', 'a.test'),
      network.person('bob', 'a.test'),
      network.person('carol', 'b.test'),
    ]);
    for (const person of [alice, bob, carol]) await person.view.sync();
  });

  const stored = (person: Person) =>
    network
      .server(person.home.name)
      .rows(sql`SELECT FROM to_device_messages WHERE user_id = ${person.userId} AND device_id = ${person.deviceId}`);

  it('arrive at the device that is meant, in their order', async () => {
    const phone = await bob.login();
    await phone.view.sync();
    for (const n of [1, 2, 3]) await tell(alice, `t${n}`, { [bob.userId]: { [bob.deviceId]: { n } } });
    expect(await heard(bob)).to.eql([1, 2, 3].map((n) => [alice.userId, n]));
    expect(await heard(phone)).to.eql([]);
    expect(await heard(bob)).to.eql([]);
  });

  it('go to all devices by *, but for those that are named', async () => {
    const phone = await bob.login();
    await phone.view.sync();
    await tell(alice, 'all', { [bob.userId]: { '*': { n: 1 }, [phone.deviceId]: { n: 2 } } });
    expect(await heard(bob)).to.eql([[alice.userId, 1]]);
    expect(await heard(phone)).to.eql([[alice.userId, 2]]);
  });

  it('wake a long poll', async () => {
    const answer = bob.view.sync(30_000);
    await tell(alice, 'wake', { [bob.userId]: { [bob.deviceId]: { n: 1 } } });
    expect((await answer).to_device.events).to.eql([
      { type: 'org.example.note', sender: alice.userId, content: { n: 1 } },
    ]);
  });

  it('come again when an answer gets lost, and are deleted when it did not', async () => {
    await tell(alice, 'once', { [bob.userId]: { [bob.deviceId]: { n: 1 } } });
    const before = bob.view.since;
    expect(await heard(bob)).to.eql([[alice.userId, 1]]);
    expect(await stored(bob)).to.have.length(1);
    bob.view.since = before;
    expect(await heard(bob)).to.eql([[alice.userId, 1]]);
    expect(await heard(bob)).to.eql([]);
    expect(await stored(bob)).to.have.length(0);
    bob.view.since = undefined;
    expect(await heard(bob)).to.eql([]);
  });

  it('survive a restart on either side of the acknowledgement', async () => {
    await tell(alice, 'before', { [bob.userId]: { [bob.deviceId]: { n: 1 } } });
    await network.stop('a.test');
    await network.start('a.test');
    expect(await heard(bob)).to.eql([[alice.userId, 1]]);
    await network.stop('a.test');
    await network.start('a.test');
    // The token is understood: this is no first sync, which would tell all again.
    expect(await heard(bob)).to.eql([]);
    expect(await stored(bob)).to.have.length(0);
    await tell(alice, 'after', { [bob.userId]: { [bob.deviceId]: { n: 2 } } });
    expect(await heard(bob)).to.eql([[alice.userId, 2]]);
  });

  it('are sent once however often the client asks for it, and again under another path', async () => {
    const message = { [bob.userId]: { [bob.deviceId]: { n: 1 } } };
    const answers = await Promise.all([tell(alice, 'same', message), tell(alice, 'same', message)]);
    expect(answers.map(({ status }) => status)).to.eql([200, 200]);
    expect((await tell(alice, 'same', message)).status).to.equal(200);
    expect(await heard(bob)).to.have.length(1);
    await tell(alice, 'same', message, 'org.example.other');
    await tell(await alice.login(), 'same', message);
    expect(await heard(bob)).to.have.length(2);
  });

  it('come in batches, one sync after the other without waiting', async () => {
    const phone = await bob.login();
    await phone.view.sync();
    for (let n = 0; n < 205; n++) await tell(alice, `many${n}`, { [bob.userId]: { [bob.deviceId]: { n } } });
    const batches = [await heard(bob), await heard(bob), await heard(bob), await heard(bob)];
    expect(batches.map(({ length }) => length)).to.eql([100, 100, 5, 0]);
    expect(batches.flat().map(([, n]) => n)).to.eql(Array.from({ length: 205 }, (_, n) => n));
    expect(await stored(bob)).to.have.length(0);
  });

  it('do not outlive their device, and go to no device that does not exist', async () => {
    const phone = await bob.login();
    await tell(alice, 'gone', { [bob.userId]: { [phone.deviceId]: { n: 1 }, NOWHERE: { n: 2 } } });
    expect(await stored(phone)).to.have.length(1);
    await phone.ask('POST', '/logout', {});
    expect(await stored(phone)).to.have.length(0);
    expect(await heard(bob)).to.eql([]);
  });

  it('do not pile up without bound for a device that is silent: who has sent most loses most, the oldest first', async () => {
    const server = network.server('a.test');
    await server.rows(sql`
      INSERT INTO to_device_messages (user_id, device_id, position, sender, type, content)
      SELECT ${bob.userId}, ${bob.deviceId}, n, CASE WHEN n % 1200 = 0 THEN ${carol.userId} ELSE '@flood:b.test' END,
             'org.example.note', '{}'
        FROM generate_series(-12000, -1) n`);
    const large = 'x'.repeat(60_000);
    // So much that it is time to look at what waits.
    for (let n = 0; n < 45; n++) await tell(alice, `large${n}`, { [bob.userId]: { [bob.deviceId]: { n, large } } });
    await network.settle();
    const kept = await server.rows<{ sender: string; count: number; oldest: number }>(sql`
      SELECT sender, count(*)::int AS count, min(position) AS oldest FROM to_device_messages
       WHERE user_id = ${bob.userId} AND device_id = ${bob.deviceId} GROUP BY sender ORDER BY sender`);
    const of = (sender: string) => kept.find((one) => one.sender === sender);
    expect([of(alice.userId)?.count, of(carol.userId)?.count]).to.eql([45, 10]);
    expect(of('@flood:b.test')?.count).to.be.within(9_900, 9_990);
    expect(of('@flood:b.test')?.oldest).to.be.greaterThan(-10_000);
    expect(of(carol.userId)?.oldest).to.equal(-12_000);
    expect(server.errors).to.eql([]);
  });

  describe('to another server', () => {
    it('arrive once, with *, too', async () => {
      await tell(alice, 'far', { [carol.userId]: { [carol.deviceId]: { n: 1 } } });
      await tell(alice, 'all', { [carol.userId]: { '*': { n: 2 } } });
      await network.settle();
      expect(await heard(carol)).to.eql([
        [alice.userId, 1],
        [alice.userId, 2],
      ]);
    });

    it('arrive after the two could not reach each other and the sender was restarted', async () => {
      network.cut('a.test', 'b.test');
      for (const n of [1, 2, 3]) await tell(alice, `cut${n}`, { [carol.userId]: { [carol.deviceId]: { n } } });
      await network.settle();
      await network.stop('a.test');
      await network.start('a.test');
      expect(await heard(carol)).to.eql([]);
      await network.heal('a.test', 'b.test');
      expect(await heard(carol)).to.eql([1, 2, 3].map((n) => [alice.userId, n]));
    });

    it('are taken for the devices that there can be, beside others', async () => {
      const devices = { 'A\0': { n: 1 }, ['x'.repeat(256)]: { n: 2 }, '': { n: 3 }, [bob.deviceId]: { n: 4 } };
      const content = {
        sender: '@mallory:rogue.test',
        type: 'x',
        message_id: 'nul',
        messages: { [bob.userId]: devices },
      };
      const edus = [{ edu_type: 'm.direct_to_device', content }];
      const uri = '/_matrix/federation/v1/send/no-devices';
      const { status } = await rogue.send(network.server('a.test'), 'PUT', uri, { pdus: [], edus });
      expect(status).to.equal(200);
      expect(await heard(bob)).to.eql([['@mallory:rogue.test', 4]]);
    });

    it('are taken, whatever else there is beside them that is none', async () => {
      const content = {
        sender: '@mallory:rogue.test',
        type: 'x',
        message_id: 'odd',
        messages: { nobody: { '*': {} }, [alice.userId]: ['*'], [bob.userId]: { X: 'text', [bob.deviceId]: { n: 1 } } },
      };
      const edus = [{ edu_type: 'm.direct_to_device', content }];
      await rogue.send(network.server('a.test'), 'PUT', '/_matrix/federation/v1/send/odd', { pdus: [], edus });
      expect(await heard(bob)).to.eql([['@mallory:rogue.test', 1]]);
    });

    it('are taken once, from whoever may send them', async () => {
      const edu = (sender: string, id: string, n: number) => ({
        edu_type: 'm.direct_to_device',
        content: { sender, type: 'x', message_id: id, messages: { [bob.userId]: { '*': { n } } } },
      });
      const send = (edus: any[]) =>
        rogue.send(network.server('a.test'), 'PUT', `/_matrix/federation/v1/send/edus${sent++}`, { pdus: [], edus });
      let sent = 0;
      const rogueUser = '@mallory:rogue.test';
      await send([edu(rogueUser, 'one', 1), edu(rogueUser, 'one', 2), edu(alice.userId, 'two', 3)]);
      await network.stop('a.test');
      await network.start('a.test');
      await send([edu(rogueUser, 'one', 4), edu(rogueUser, 'three', 5)]);
      expect(await heard(bob)).to.eql([
        [rogueUser, 1],
        [rogueUser, 5],
      ]);
    });
  });

  it('are refused when they are malformed or too large', async () => {
    const status = async (messages: unknown) => {
      const answer = await alice.request('PUT', '/sendToDevice/x/bad', { messages });
      return [answer.status, answer.body.errcode];
    };
    expect(await status({ bob: { '*': {} } })).to.eql([400, 'M_INVALID_PARAM']);
    expect(await status({ [bob.userId]: { '*': 'text' } })).to.eql([400, 'M_BAD_JSON']);
    for (const device of ['A\0', 'A\ud800', 'x'.repeat(256), '']) {
      for (const { userId } of [bob, carol]) {
        const what = `${userId} ${JSON.stringify(device)}`;
        expect(await status({ [userId]: { [device]: {} } }), what).to.eql([400, 'M_INVALID_PARAM']);
      }
    }
    expect(await status({ [bob.userId]: { '*': { n: 'x'.repeat(70_000) } } })).to.eql([413, 'M_TOO_LARGE']);
    expect(await status(undefined)).to.eql([400, 'M_BAD_JSON']);
    const strangers = Array.from({ length: 501 }, (_, n) => [`@someone:s${n}.test`, { '*': {} }]);
    expect(await status({ ...Object.fromEntries(strangers), [bob.userId]: { '*': {} } })).to.eql([413, 'M_TOO_LARGE']);
    expect(await heard(bob)).to.eql([]);
  });
});
