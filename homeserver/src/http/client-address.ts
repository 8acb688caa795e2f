import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { type IpRanges, plainAddress } from '../platform/address.ts';

/** A header that proxies add; a request with one of these did not come straight from its client. */
export const isForwarded = ({ headers }: IncomingMessage): boolean =>
  headers['x-forwarded-for'] !== undefined || headers['forwarded'] !== undefined || headers['via'] !== undefined;

/**
 * The address of whoever asks. Each trusted proxy adds the address that it saw to the right of `X-Forwarded-For`, so
 * the first address from the right that is no trusted proxy is the client; what stands left of it anybody may write.
 */
export const clientAddress = (request: IncomingMessage, trusted: IpRanges): string => {
  const peer = plainAddress(request.socket.remoteAddress ?? '');
  const header = request.headers['x-forwarded-for'];
  if (header === undefined || !trusted.includes(peer)) return peer;
  const hops = String(header)
    .split(',')
    .map((hop) => plainAddress(hop.trim()));
  let address = peer;
  for (const hop of hops.reverse()) {
    if (isIP(hop) === 0) break;
    address = hop;
    if (!trusted.includes(hop)) break;
  }
  return address;
};
