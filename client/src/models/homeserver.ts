import { UserId, serverOf } from '@holm/spec/ids';
import type { Gateway } from '../sdk/gateway.ts';

export interface Address {
  readonly username: string;
  readonly homeserver: string;
}

/** What the form shows for the server that the page came from. */
export const shortOrigin = (origin: string): string => origin.replace(/^https?:\/\//, '');

/**
 * The base URL to speak to. The server that served the page needs no discovery; a full user id names its own server
 * unless another was typed.
 */
export const findHomeserver = (
  gateway: Gateway,
  origin: string,
  { username, homeserver }: Address,
): Promise<string> => {
  const typed = homeserver.trim();
  const isOurs = typed === '' || typed === shortOrigin(origin) || typed === origin;
  if (isOurs && UserId.is(username) && serverOf(username) !== shortOrigin(origin)) {
    return gateway.discover(serverOf(username)).catch(() => gateway.discover(origin));
  }
  return gateway.discover(isOurs ? origin : typed);
};
