export { Sockets, type SocketSettings } from './sockets.service.ts';
