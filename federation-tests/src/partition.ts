import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket, connect } from 'node:net';
import { createServer as createTlsServer, Server as TlsServer } from 'node:tls';
import type { Certificate } from './certificates.ts';

/**
 * The wire from one server to another: a port that hands every connection on to the other server, until it is cut.
 *
 * It is there before the servers are, so that their configurations can name it; and it stays when a server comes back
 * on another port.
 */
export class Link implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: number | undefined;
  #isCut = false;
  /** How much has passed, in either direction. */
  bytes = 0;

  private constructor(certificate: Certificate | undefined) {
    const accept = (socket: Socket) => this.#accept(socket);
    this.#server = certificate ? createTlsServer(certificate, accept) : createServer(accept);
  }

  /** With a certificate the server at this end speaks TLS, which the wire takes off. */
  static async open(certificate?: Certificate): Promise<Link> {
    const link = new Link(certificate);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  /** For the `federation.overrides` of the server at this end. */
  get url(): string {
    const address = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this.#server instanceof TlsServer ? address : `http://${address}`;
  }

  /** From now on, the server at the other end seems to have this certificate. */
  present(certificate: Certificate): void {
    if (this.#server instanceof TlsServer) this.#server.setSecureContext(certificate);
    this.#hangUp();
  }

  /** Where the server at the other end listens now; undefined while it does not. */
  leadTo(port: number | undefined): void {
    this.#target = port;
    this.#hangUp();
  }

  cut(): void {
    this.#isCut = true;
    this.#hangUp();
  }

  heal(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hangUp();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(socket: Socket): void {
    if (this.#isCut || this.#target === undefined) {
      socket.resetAndDestroy();
      return;
    }
    const other = connect(this.#target, '127.0.0.1');
    socket.pipe(other).pipe(socket);
    this.#tie(socket, other);
    this.#tie(other, socket);
  }

  /** When one end is gone, so is the other. */
  #tie(one: Socket, other: Socket): void {
    this.#sockets.add(one);
    one.on('data', (chunk) => (this.bytes += chunk.length));
    one.on('error', () => other.destroy());
    one.on('close', () => {
      this.#sockets.delete(one);
      other.destroy();
    });
  }

  #hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
