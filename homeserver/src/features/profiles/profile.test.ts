import { MatrixError } from '@holm/spec/errors';
import type { Json } from '@holm/spec/json';
import { expect } from 'chai';
import { assertKey, memberProfileOf, type Profile, withField, withoutField } from './profile.ts';

const outcome = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    if (error instanceof MatrixError) return error.errcode;
    throw error;
  }
};

describe('profile fields', () => {
  const names: [string, string | undefined][] = [
    ['displayname', undefined],
    ['avatar_url', undefined],
    ['m.tz', undefined],
    ['org.example.status-line', undefined],
    ['status', 'M_INVALID_PARAM'],
    ['Org.example', 'M_INVALID_PARAM'],
    ['__proto__', 'M_INVALID_PARAM'],
    ['', 'M_INVALID_PARAM'],
    ['a.' + 'b'.repeat(254), 'M_KEY_TOO_LARGE'],
  ];
  for (const [key, expected] of names) {
    it(`${key.slice(0, 30)} -> ${expected ?? 'fine'}`, () => expect(outcome(() => assertKey(key))).to.equal(expected));
  }

  const old: Profile = { displayname: 'Old', 'org.example.x': 1 };
  const values: [string, Json, unknown][] = [
    ['displayname', 'New', { displayname: 'New', 'org.example.x': 1 }],
    ['displayname', '', { 'org.example.x': 1 }],
    ['displayname', null, 'M_BAD_JSON'],
    ['displayname', 'x'.repeat(257), 'M_INVALID_PARAM'],
    ['displayname', '\ud800', 'M_INVALID_PARAM'],
    ['avatar_url', 'mxc://a.test/picture', { ...old, avatar_url: 'mxc://a.test/picture' }],
    ['avatar_url', 'https://a.test/picture', 'M_INVALID_PARAM'],
    ['avatar_url', 'mxc://a.test/../x', 'M_INVALID_PARAM'],
    ['m.tz', 'Europe/London', { ...old, 'm.tz': 'Europe/London' }],
    ['org.example.y', { any: ['json', null] }, { ...old, 'org.example.y': { any: ['json', null] } }],
    ['org.example.y', null, { ...old, 'org.example.y': null }],
    ['org.example.y', 'x'.repeat(65_536), 'M_PROFILE_TOO_LARGE'],
  ];
  for (const [key, value, expected] of values) {
    it(`${key} = ${JSON.stringify(value).slice(0, 30)}`, () => {
      expect(outcome(() => withField(old, key, value))).to.eql(expected);
    });
  }

  it('go away one by one', () => expect(withoutField(old, 'displayname')).to.eql({ 'org.example.x': 1 }));

  it('of a member event are name and picture, where they are text', () => {
    expect(memberProfileOf({ ...old, avatar_url: 5 })).to.eql({ displayname: 'Old' });
  });
});
