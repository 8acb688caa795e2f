/** What is used of a WebSocket: the browser's, or the one that Node has. */
export interface SocketPort {
  send(text: string): void;
  close(code?: number): void;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { readonly code: number }) => void): void;
}

export type OpenSocket = (url: string, protocol: string) => SocketPort;

export const openSocket: OpenSocket = (url, protocol) => new WebSocket(url, protocol);
