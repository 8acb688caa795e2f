import { type WebSocket, WebSocketServer } from 'ws';
import { useOneShotDeflate } from './one-shot-deflate.ts';
import { refuseUpgrade, type Upgrade } from './upgrade.ts';

export type { WebSocket } from 'ws';

export interface WebSocketOptions {
  /** The subprotocol that clients have to offer. */
  readonly protocol: string;
  /** A message that is larger closes its socket with 1009. */
  readonly maxMessageBytes: number;
  /** Smaller messages are sent as they are; 0 for no compression at all. */
  readonly compressFromBytes: number;
}

/** How long the other side has to answer a close frame. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Makes WebSockets of connections. What is no proper handshake is answered with 400. */
export const webSockets = ({ protocol, maxMessageBytes, compressFromBytes }: WebSocketOptions) => {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxMessageBytes,
    handleProtocols: () => protocol,
    perMessageDeflate: compressFromBytes > 0 && {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      threshold: compressFromBytes,
    },
    ...{ closeTimeout: CLOSE_TIMEOUT_MS },
  });
  return (upgrade: Upgrade, opened: (socket: WebSocket) => void): void => {
    const { request, socket, head } = upgrade;
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.includes(protocol)) {
      const error = { errcode: 'M_INVALID_PARAM', error: `the subprotocol ${protocol} has to be offered` };
      return refuseUpgrade(socket, 400, { error });
    }
    server.handleUpgrade(request, socket, head, (webSocket) => {
      useOneShotDeflate(webSocket, maxMessageBytes);
      opened(webSocket);
    });
  };
};
