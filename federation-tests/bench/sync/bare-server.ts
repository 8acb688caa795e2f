// What Node itself and `ws` need for clients that wait: answers those of the benchmark just well enough that they do. It is run as a process
// of its own, and says its port.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { splitMessage, writeMessage } from '@holm/spec/extensions/websocket-wire';
import { WebSocketServer } from 'ws';

const FIRST = '{"next_batch":"s1","pos":"1","extensions":{"to_device":{"next_batch":"1"}}}';
const waiting = new Set<ServerResponse>();

const server = createServer((request, response) => {
  request.resume();
  if (request.url?.includes('timeout=0')) {
    response.end(FIRST);
    return;
  }
  waiting.add(response);
  response.on('close', forget);
});
function forget(this: ServerResponse): void {
  waiting.delete(this);
}

const sockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  handleProtocols: ([first]) => first ?? false,
});
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (opened) => {
    opened.on('message', (data: Buffer) => {
      const { type, id } = JSON.parse(splitMessage(data.toString()).head) as { type: string; id: number };
      if (type === 'follow') opened.send(writeMessage({ type: 'update', id, pos: 's1' }, FIRST));
    });
  });
});

server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
