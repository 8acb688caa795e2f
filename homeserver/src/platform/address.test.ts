import { expect } from 'chai';
import { embeddedIPv4, ipRanges, isLoopback, networkOf, plainAddress } from './address.ts';

describe('IP ranges', () => {
  const denied = ipRanges(['10.0.0.0/8', '127.0.0.0/8', '169.254.169.254', 'fc00::/7', '::1']);

  const inside = [
    '10.1.2.3',
    '127.0.0.1',
    '169.254.169.254',
    'fd00::1',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '0:0:0:0:0:ffff:a00:1',
    '::127.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::a00:1',
    '2002:a00:1::',
    'fd80::1%eth0',
  ];
  for (const address of inside) it(`includes ${address}`, () => expect(denied.leadsTo(address)).to.equal(true));

  const outside = [
    '11.0.0.1',
    '169.254.169.253',
    '2001:db8::1',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '2002:808:808::',
    'example.org',
    '',
  ];
  for (const address of outside) it(`leaves out ${address}`, () => expect(denied.leadsTo(address)).to.equal(false));

  for (const wrong of ['10.0.0.0/33', '10.0.0/8', 'fc00::/129', '1.2.3.4/', '1.2.3.4/8/8', 'localhost', '1.2.3.4/-1']) {
    it(`refuses ${wrong} as a range`, () => expect(() => ipRanges([wrong])).to.throw(wrong));
  }

  it('finds the IPv4 address inside', () => {
    expect(embeddedIPv4('::ffff:1.2.3.4')).to.equal('1.2.3.4');
    expect(embeddedIPv4('2002:102:304::9')).to.equal('1.2.3.4');
    expect(embeddedIPv4('2001:db8::1')).to.equal(undefined);
    expect(plainAddress('::ffff:1.2.3.4')).to.equal('1.2.3.4');
    expect(plainAddress('2002:102:304::9')).to.equal('2002:102:304::9');
  });

  it('groups an IPv6 network and knows loopback', () => {
    expect(networkOf('2001:db8:1:2:aaaa::1')).to.equal(networkOf('2001:db8:1:2::ffff'));
    expect(networkOf('2001:db8:1:3::1')).not.to.equal(networkOf('2001:db8:1:2::1'));
    expect(['127.0.0.9', '::1', '::ffff:127.0.0.1'].every(isLoopback)).to.equal(true);
    expect(['128.0.0.1', '', '2002:7f00:1::', '64:ff9b::127.0.0.1'].some(isLoopback)).to.equal(false);
  });
});
