import { expect } from 'chai';
import { CryptoDevice } from '../src/crypto-device.ts';
import type { Person } from '../src/people.ts';
import { Cast } from './cast.ts';
import { eventually, SIDES } from './pair.ts';

/* eslint-disable @typescript-eslint/no-explicit-any -- answers are read as they come */

/** Keys and messages have nothing to do with how a room is made: one version is enough. */
for (const side of SIDES) {
  describe(`devices, with the host on ${side}`, () => {
    const cast = new Cast(side, '12');
    beforeEach(() => cast.enter());
    afterEach(() => cast.pair.heal());

    const bothWays = async (test: (speaker: Person, listener: Person) => Promise<void>): Promise<void> => {
      await cast.sharedRoom();
      await test(cast.host, cast.guest);
      await test(cast.guest, cast.host);
    };

    /** All that somebody's device is sent until there is something of `type`. */
    const messages = async (person: Person, type: string): Promise<any[]> => {
      const found: any[] = [];
      await eventually(async () => {
        const { to_device: toDevice } = await person.view.sync();
        found.push(...(toDevice?.events ?? []).filter((event: any) => event.type === type));
        expect(found).to.not.have.length(0);
      });
      return found;
    };

    /** Until somebody is told that another one's keys have changed. */
    const hearsOf = (person: Person, other: Person): Promise<void> =>
      eventually(async () => {
        const { device_lists: lists } = await person.view.sync();
        expect(lists?.changed ?? []).to.include(other.userId);
      });

    const query = async (person: Person, other: Person): Promise<any> => {
      const answer = await person.ask('POST', '/keys/query', { device_keys: { [other.userId]: [] } });
      expect(answer.failures ?? {}).to.deep.equal({});
      return answer.device_keys[other.userId] ?? {};
    };

    it('get messages, each once, to one of them and to all', () =>
      bothWays(async (speaker, listener) => {
        const other = await listener.login();
        await other.view.sync();
        const send = (txn: string, to: string, n: number) =>
          speaker.ask('PUT', `/sendToDevice/org.example.ping/${txn}`, {
            messages: { [listener.userId]: { [to]: { n } } },
          });
        await send('one', listener.deviceId, 1);
        await send('one', listener.deviceId, 1);
        await send('all', '*', 2);
        await eventually(async () => expect(await messages(other, 'org.example.ping')).to.have.length(1));
        const got: any[] = [];
        while (got.length < 2) got.push(...(await messages(listener, 'org.example.ping')));
        expect(got.map(({ sender, content }) => [sender, content.n])).to.deep.equal([
          [speaker.userId, 1],
          [speaker.userId, 2],
        ]);
      }));

    it('get messages that were sent while their server was away', () =>
      bothWays(async (speaker, listener) => {
        await listener.view.sync();
        cast.pair.cut();
        const body = { messages: { [listener.userId]: { [listener.deviceId]: { late: true } } } };
        await speaker.ask('PUT', '/sendToDevice/org.example.late/1', body);
        await cast.pair.heal();
        // Synapse takes up a server that it has given up when there is something new for it.
        await speaker.ask('PUT', '/sendToDevice/org.example.late/2', body);
        expect((await messages(listener, 'org.example.late'))[0].content).to.deep.equal({ late: true });
      }));

    it('publish keys, which others are told of and can ask for', () =>
      bothWays(async (speaker, listener) => {
        const device = new CryptoDevice(speaker);
        await listener.view.sync();
        await device.upload();
        await hearsOf(listener, speaker);
        await eventually(async () => {
          const { [speaker.deviceId]: keys } = await query(listener, speaker);
          expect(keys?.keys).to.deep.equal(device.deviceKeys.keys);
          expect(keys.signatures).to.deep.equal(device.deviceKeys.signatures);
        });
        const second = await speaker.login();
        await new CryptoDevice(second).upload();
        await hearsOf(listener, speaker);
        await eventually(async () =>
          expect(await query(listener, speaker)).to.have.all.keys(speaker.deviceId, second.deviceId),
        );
        await second.ask('POST', '/logout', {});
        await hearsOf(listener, speaker);
        await eventually(async () => expect(await query(listener, speaker)).to.have.all.keys(speaker.deviceId));
      }));

    it('have one-time keys given away, each once, and then the fallback key', () =>
      bothWays(async (speaker, listener) => {
        const device = new CryptoDevice(speaker);
        await device.upload({
          device_keys: device.deviceKeys,
          one_time_keys: device.oneTimeKeys('one', 'two'),
          fallback_keys: device.fallbackKey('last'),
        });
        const claimed: string[] = [];
        for (let i = 0; i < 4; i++) {
          const wanted = { [speaker.userId]: { [speaker.deviceId]: 'signed_curve25519' } };
          const { one_time_keys: keys } = await listener.ask('POST', '/keys/claim', { one_time_keys: wanted });
          claimed.push(...Object.keys(keys[speaker.userId]?.[speaker.deviceId] ?? {}));
        }
        const names = (...ids: string[]) => ids.map((id) => `signed_curve25519:${id}`);
        expect(claimed.slice(0, 2).toSorted()).to.deep.equal(names('one', 'two'));
        expect(claimed.slice(2)).to.deep.equal(names('last', 'last'));
        await eventually(async () => {
          const answer = await speaker.view.sync();
          expect(answer.device_one_time_keys_count.signed_curve25519 ?? 0).to.equal(0);
          expect(answer.device_unused_fallback_key_types).to.deep.equal([]);
        });
      }));
  });
}
