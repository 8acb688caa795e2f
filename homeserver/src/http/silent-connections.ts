import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Connections over which nothing has come yet: browsers open some in advance. Node takes them for busy, and a server that closes
 * waits for them.
 */
export class SilentConnections {
  readonly #open = new Set<Socket>();

  watch(server: Server, isTls: boolean): void {
    const open = this.#open;
    // One for all of them; the socket is what it is called on.
    const forget = function (this: Socket): void {
      open.delete(this);
    };
    server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
      open.add(socket);
      socket.once('close', forget);
    });
  }

  close(): void {
    for (const socket of this.#open) if (socket.bytesRead === 0) socket.destroy();
  }
}
