import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { Front } from './front.ts';

const listening = async (server: Server, port = 0): Promise<number> => {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

const page = (): Server =>
  createServer((request, answer) => {
    if (request.url === '/') answer.setHeader('content-type', 'text/html').end('<head></head>');
    else request.pipe(answer);
  });

describe('the front of a development server', () => {
  let server: Server;
  let target: number;
  let front: Front;
  let url: string;

  beforeEach(async () => {
    server = page();
    target = await listening(server);
    front = await Front.open(0, target);
    url = `http://localhost:${front.port}`;
  });
  afterEach(async () => {
    await front.close();
    server.close();
  });

  it('lets pages reload, and leaves everything else alone', async () => {
    const script = '<script type="module" src="/dev/reload.js"></script>';
    expect(await (await fetch(url)).text()).to.equal(`<head>${script}</head>`);
    expect(await (await fetch(`${url}/dev/reload.js`)).text()).to.contain('location.reload');
    expect(await (await fetch(`${url}/echo`, { method: 'PUT', body: '</head>' })).text()).to.equal('</head>');
  });

  it('tells open pages to reload', async () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/dev/reload`);
    await once(socket, 'open');
    const told = once(socket, 'message');
    front.reload();
    expect(String((await told)[0])).to.equal('reload');
    socket.terminate();
  });

  it('keeps requests waiting while the server restarts, body and all', async () => {
    server.closeAllConnections();
    server.close();
    const answer = fetch(`${url}/echo`, { method: 'POST', body: 'patience' });
    await pause(150); // real time: another process restarts meanwhile
    server = page();
    await listening(server, target);
    expect(await (await answer).text()).to.equal('patience');
  });
});
