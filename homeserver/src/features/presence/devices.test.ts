import { DeviceId } from '@holm/spec/ids';
import { expect } from 'chai';
import type { UnixMillis } from '../../platform/clock.ts';
import { Devices, GONE_AFTER_MS } from './devices.ts';
import { OFFLINE, type PresenceState } from './status.ts';

const phone = DeviceId.parse('PHONE');
const laptop = DeviceId.parse('LAPTOP');
const at = (ms: number) => (1_700_000_000_000 + ms) as UnixMillis;
const MINUTE = 60_000;
const limits = { idleAfterMs: 5 * MINUTE };

describe("a user's devices", () => {
  const states = (devices: Devices, ...times: number[]): PresenceState[] =>
    times.map((time) => devices.status(at(time)).state);

  it('make nobody online who has none', () => {
    expect(new Devices(limits, undefined).status(at(0))).to.eql({ ...OFFLINE });
  });

  it('are gone a while after they stopped to follow', () => {
    const devices = new Devices(limits, undefined);
    devices.follow(phone, 'online', at(0));
    expect(states(devices, 0, 2 * MINUTE)).to.eql(['online', 'online']);
    devices.unfollow(phone, at(MINUTE));
    expect(states(devices, MINUTE + GONE_AFTER_MS - 1, MINUTE + GONE_AFTER_MS)).to.eql(['online', 'offline']);
    expect(devices.tidy(at(MINUTE + GONE_AFTER_MS))).to.equal(false);
  });

  it('follow more than once at a time', () => {
    const devices = new Devices(limits, undefined);
    devices.follow(phone, 'online', at(0));
    devices.follow(phone, 'online', at(1));
    devices.unfollow(phone, at(2));
    expect(states(devices, 2 * MINUTE)).to.eql(['online']);
  });

  it('count as the liveliest of them, each by what is done on it', () => {
    const devices = new Devices(limits, undefined);
    devices.follow(phone, 'unavailable', at(0));
    devices.follow(laptop, 'online', at(0));
    expect(states(devices, 0, 5 * MINUTE - 1, 5 * MINUTE)).to.eql(['online', 'online', 'unavailable']);
    expect(devices.act(phone, at(6 * MINUTE))).to.equal(true);
    expect(states(devices, 6 * MINUTE)).to.eql(['online']);
    expect(devices.remove(phone)).to.equal(true);
    expect(states(devices, 6 * MINUTE)).to.eql(['unavailable']);
  });

  it('are not brought to life by following on, nor from afar', () => {
    const devices = new Devices(limits, undefined);
    devices.follow(phone, 'online', at(0));
    expect(devices.follow(phone, 'online', at(6 * MINUTE))).to.equal(false);
    expect(devices.act(laptop, at(6 * MINUTE))).to.equal(false);
    expect(states(devices, 6 * MINUTE)).to.eql(['unavailable']);
    expect(devices.follow(phone, 'unavailable', at(6 * MINUTE))).to.equal(true);
    expect(devices.follow(phone, 'online', at(6 * MINUTE))).to.equal(true);
    expect(states(devices, 6 * MINUTE)).to.eql(['online']);
  });

  it('keep what they have set, unless they say something else while they follow', () => {
    const devices = new Devices(limits, undefined);
    devices.follow(phone, undefined, at(0));
    devices.say(phone, 'unavailable', at(1));
    expect(devices.follow(phone, undefined, at(2))).to.equal(false);
    expect(states(devices, 2)).to.eql(['unavailable']);
    devices.act(phone, at(3));
    expect(states(devices, 3)).to.eql(['online']);
    devices.say(phone, 'unavailable', at(4));
    expect(devices.follow(phone, 'online', at(5))).to.equal(true);
    expect(states(devices, 5)).to.eql(['online']);
    expect(devices.follow(phone, 'unavailable', at(6))).to.equal(true);
    expect(devices.follow(phone, undefined, at(7))).to.equal(true);
    expect(states(devices, 7)).to.eql(['online']);
  });

  it('follow without being seen, which neither takes back nor prolongs what they have set', () => {
    const devices = new Devices(limits, undefined);
    devices.say(phone, 'online', at(0));
    devices.follow(laptop, 'online', at(0));
    expect([devices.hide(phone), devices.hide(laptop)]).to.eql([false, true]);
    expect(states(devices, GONE_AFTER_MS - 1, GONE_AFTER_MS)).to.eql(['online', 'offline']);
  });

  it('say how active somebody is', () => {
    const devices = new Devices(limits, undefined);
    devices.follow(phone, 'online', at(0));
    const active = [0, 3 * MINUTE - 1, 3 * MINUTE].map((time) => devices.status(at(time)).isActive);
    expect(active).to.eql([true, true, false]);
    expect(devices.status(at(3 * MINUTE))).to.include({ state: 'online', lastActiveAt: at(0) });
  });

  it('go on after a restart as idle as they were', () => {
    const before = { state: 'unavailable', lastActiveAt: at(0), isActive: false, message: 'away' } as const;
    const devices = new Devices(limits, before);
    devices.follow(phone, 'online', at(10 * MINUTE));
    expect(devices.status(at(10 * MINUTE))).to.eql(before);
    devices.act(phone, at(11 * MINUTE));
    expect(devices.status(at(11 * MINUTE))).to.include({ state: 'online', isActive: true });
  });
});
