import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { tryPorts } from './ports.ts';

const ip = '127.0.0.1';
const outcome = (protocol: 'udp' | 'tcp', port: number) =>
  tryPorts([{ protocol, ip, port }]).then(
    () => 'free',
    (error: unknown) => (error as NodeJS.ErrnoException).code,
  );

describe('the ports of calls', () => {
  it('are said to be taken while another program listens there, and free again after that', async () => {
    let udpPort: number, tcpPort: number;
    {
      await using udp = createSocket('udp4').bind({ address: ip, exclusive: true });
      await using tcp = createServer().listen({ host: ip, port: 0, exclusive: true });
      await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
      [udpPort, tcpPort] = [udp.address().port, (tcp.address() as AddressInfo).port];
      expect(await outcome('udp', udpPort)).to.equal('EADDRINUSE');
      expect(await outcome('tcp', tcpPort)).to.equal('EADDRINUSE');
    }
    expect([await outcome('udp', udpPort), await outcome('tcp', tcpPort)]).to.eql(['free', 'free']);
    // What was tried is let go again.
    expect([await outcome('udp', udpPort), await outcome('tcp', tcpPort)]).to.eql(['free', 'free']);
  });

  it('are any where none is configured', async () => {
    expect(await outcome('udp', 0)).to.equal('free');
  });
});
