import { DeviceId, RoomId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import fc from 'fast-check';
import { ManualClock } from '../../testing/manual-clock.ts';
import { seededEntropy } from '../../testing/seeded-entropy.ts';
import { type CallGrant, CallTokens } from './tokens.ts';

const entropy = seededEntropy('call tokens');
const clock = new ManualClock();
const tokens = new CallTokens({ secret: entropy.bytes(32), clock, entropy });

const grant: CallGrant = {
  identity: '@alice:example.org:PHONE',
  call: 'b2x2ZXI',
  canPublish: true,
  member: {
    userId: UserId.parse('@alice:example.org'),
    roomId: RoomId.parse('!den'),
    deviceId: DeviceId.parse('PHONE'),
  },
};

const signedBy = (secret: Buffer, part: { header?: object; payload?: string } = {}): string => {
  const other = new CallTokens({ secret, clock, entropy });
  const [header, payload, signature] = other.mint(grant).split('.');
  const changed = part.header && Buffer.from(JSON.stringify(part.header)).toString('base64url');
  return [changed ?? header, part.payload ?? payload, signature].join('.');
};

describe('tokens of calls', () => {
  it('come back as they were given out', () => {
    expect(tokens.verify(tokens.mint(grant))).to.deep.equal(grant);
  });

  it('are no two alike', () => {
    expect(tokens.mint(grant)).to.not.equal(tokens.mint(grant));
  });

  it('can be read by a client that only knows base64 with + and /', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (identity, call) => {
        const minted = tokens.mint({ ...grant, identity, call: `?>~${call}` });
        const payload = minted.split('.')[1]!;
        expect(payload).to.match(/^[A-Za-z0-9]*$/);
        const { sub, video } = JSON.parse(atob(payload)) as { sub: string; video: { room: string } };
        expect([sub, video.room]).to.deep.equal([identity, `?>~${call}`]);
      }),
    );
  });

  const own = tokens.mint(grant);
  const [header, payload, signature] = own.split('.') as [string, string, string];
  const asBob = Buffer.from(
    Buffer.from(payload, 'base64url').toString().replace('@alice:example.org:PHONE', '@bob:example.org:PHONE'),
  ).toString('base64url');
  const refused: readonly [string, string | undefined, string][] = [
    ['nothing', undefined, 'no token'],
    ['an empty string', '', 'no token'],
    ['what is no token', 'open sesame', 'not a token'],
    ['four parts', `${own}.more`, 'not a token'],
    ['a very long one', `${own}${'A'.repeat(5_000)}`, 'not a token'],
    ["another server's", signedBy(entropy.bytes(32)), 'not signed by us'],
    ['no signature', `${header}.${payload}.`, 'not signed by us'],
    ['half a signature', `${header}.${payload}.${signature.slice(0, 20)}`, 'not signed by us'],
    ['another identity', `${header}.${asBob}.${signature}`, 'not signed by us'],
    ['no algorithm', signedBy(entropy.bytes(32), { header: { alg: 'none', typ: 'JWT' } }), 'not signed by us'],
  ];
  for (const [name, raw, why] of refused) {
    it(`refuses ${name}`, () => expect(tokens.verify(raw)).to.equal(why));
  }

  it('are good for twenty minutes', () => {
    const minted = tokens.mint(grant);
    clock.advance(1_199_000);
    expect(tokens.verify(minted)).to.deep.equal(grant);
    clock.advance(1_000);
    expect(tokens.verify(minted)).to.equal('too old');
  });

  it('are not good before their time', () => {
    const later = new CallTokens({ secret: Buffer.alloc(32), clock: { now: () => clock.now() }, entropy });
    const minted = later.mint(grant);
    const earlier = new CallTokens({ secret: Buffer.alloc(32), clock: new ManualClock(clock.now() - 60_000), entropy });
    expect(earlier.verify(minted)).to.equal('not valid yet');
  });
});
