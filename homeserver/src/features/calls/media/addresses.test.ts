import { expect } from 'chai';
import { announcedOf, isHidden, listenInfos, ownAddresses } from './addresses.ts';

const outer = (address: string) => ({ address, internal: false });

describe('the addresses of media', () => {
  it('are those of the machine that others may reach', () => {
    const interfaces = {
      lo: [{ address: '127.0.0.1', internal: true }],
      docker0: [outer('172.17.0.1')],
      eth0: [outer('192.0.2.7'), outer('2001:db8::7'), outer('fe80::1')],
      eth1: [outer('10.0.0.7')],
    };
    expect(ownAddresses(interfaces)).to.eql(['192.0.2.7', '2001:db8::7', '10.0.0.7']);
  });

  it('are loopback on a machine without a network', () => {
    expect(ownAddresses({ lo: [{ address: '127.0.0.1', internal: true }] })).to.eql(['127.0.0.1']);
  });

  const homes = [
    { name: 'a public address', bound: ['203.0.113.9'], hidden: false, announced: [] },
    { name: 'an inner one', bound: ['192.168.1.7'], hidden: true, announced: ['198.51.100.4'] },
    {
      name: 'an inner one, and a public one of IPv6',
      bound: ['192.168.1.7', '2001:db8::7'],
      hidden: true,
      announced: ['198.51.100.4'],
    },
    {
      name: 'inner ones of both',
      bound: ['10.0.0.7', 'fd00::7'],
      hidden: true,
      announced: ['198.51.100.4', '2001:db8::4'],
    },
    { name: 'both kinds', bound: ['10.0.0.7', '203.0.113.9'], hidden: false, announced: [] },
  ];
  for (const { name, bound, hidden, announced } of homes) {
    it(`are looked for under the name of a machine that has ${name}`, () => {
      expect(isHidden(bound)).to.equal(hidden);
      expect(announcedOf(bound, ['198.51.100.4', '2001:db8::4', '10.9.9.9'])).to.eql(announced);
    });
  }

  const cases = [
    { name: 'themselves', bound: ['192.0.2.7'], announced: [], shown: { '192.0.2.7': undefined } },
    {
      name: 'behind an address of the router',
      bound: ['10.0.0.7'],
      announced: ['198.51.100.4'],
      shown: { '10.0.0.7': '198.51.100.4' },
    },
    {
      name: 'of both families',
      bound: ['10.0.0.7', 'fd00::7'],
      announced: ['2001:db8::4', '198.51.100.4'],
      shown: { '10.0.0.7': '198.51.100.4', 'fd00::7': '2001:db8::4' },
    },
    {
      name: 'public and not: the inner one stands behind the announced one',
      bound: ['203.0.113.9', '10.0.0.7'],
      announced: ['198.51.100.4'],
      shown: { '203.0.113.9': undefined, '10.0.0.7': '198.51.100.4' },
    },
    {
      name: 'announced as what they are',
      bound: ['192.0.2.7'],
      announced: ['192.0.2.7'],
      shown: { '192.0.2.7': undefined },
    },
    { name: 'of no such family', bound: ['10.0.0.7'], announced: ['2001:db8::4'], shown: { '10.0.0.7': undefined } },
  ];
  for (const { name, bound, announced, shown } of cases) {
    it(`are told to clients: ${name}`, () => {
      const infos = listenInfos({ bound, announced }, 7_882);
      for (const protocol of ['udp', 'tcp']) {
        const told = infos.filter((info) => info.protocol === protocol);
        expect(Object.fromEntries(told.map(({ ip, announcedAddress }) => [ip, announcedAddress]))).to.eql(shown);
        expect(told.every(({ port }) => port === 7_882)).to.equal(true);
      }
    });
  }
});
