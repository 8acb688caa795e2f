import type { DeviceId, RoomId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { callName, deviceIdentity, draftIdentity, memberIdentity } from './names.ts';

const alice = '@alice:example.com' as UserId;
const device = 'DEVICE' as DeviceId;

describe('names that calls and members have at an SFU', () => {
  // https://github.com/matrix-org/matrix-spec-proposals/pull/4195, "Hash derivation test vectors"
  it('are those of the proposal', () => {
    expect(callName('!roomid:example.com' as RoomId, 'slot1234')).to.equal(
      'O8437W3+jmzMVjoIP3tNwbm+XxHQk2iKpOA7aqw3qSc',
    );
    expect(memberIdentity(alice, 'memberABC')).to.equal('M3VnsLXrkbxIDINXO64u8PZzFyD9ZYFiQULR2dshWYs');
  });

  it('are of three parts in drafts, and plain before', () => {
    // printf '%s' '["@alice:example.com","DEVICE","memberABC"]' | openssl dgst -sha256 -binary | openssl base64
    expect(draftIdentity(alice, device, 'memberABC')).to.equal('lwZwzslDeNc9ntK/hT0YfCSFmepFF2SMMVNMTuwfnl4');
    expect(deviceIdentity(alice, device)).to.equal('@alice:example.com:DEVICE');
  });

  it('are never the same for other parts, whatever is in them', () => {
    const named = [
      callName('!a' as RoomId, 'b","c'),
      callName('!a","b' as RoomId, 'c'),
      draftIdentity('@a:b' as UserId, 'c' as DeviceId, 'd'),
      draftIdentity('@a:b' as UserId, 'c","d' as DeviceId, ''),
      memberIdentity('@a:b' as UserId, 'c","d'),
    ];
    expect(new Set(named).size).to.equal(named.length);
  });

  it('do not let a device come as somebody else', () => {
    expect(() => deviceIdentity('@a:b' as UserId, '8448:X' as DeviceId)).to.throw('another one');
    expect(deviceIdentity('@a:b:8448' as UserId, 'X' as DeviceId)).to.equal('@a:b:8448:X');
    expect(deviceIdentity('@a:b' as UserId, '8448' as DeviceId)).to.equal('@a:b:8448');
  });

  it('are not made of what is not Unicode', () => {
    expect(() => memberIdentity(alice, '\ud800')).to.throw('not Unicode');
  });
});
