import type { ServerName } from '@holm/spec/ids';
import { isIPv4, isIPv6 } from '@holm/spec/ip';

/** Where to connect and as whom. */
export interface Target {
  readonly scheme: 'https' | 'http';
  /** A host name or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** The `Host` header. */
  readonly hostHeader: string;
  /** The name that the certificate must be for: a host name or an address. */
  readonly tlsName: string;
  /** Chosen by the operator, so that the ranges that are never contacted do not apply. */
  readonly trusted: boolean;
}

/** `hostname[:port]`, as in server names and in `m.server`. */
export interface HostAndPort {
  /** Without brackets. */
  readonly host: string;
  readonly port: number | undefined;
  readonly isAddress: boolean;
}

export const DEFAULT_PORT = 8448;

/** Takes a server name apart. The grammar has been checked, so there is exactly one way to. */
export const hostAndPort = (name: ServerName): HostAndPort => {
  const bracket = name.lastIndexOf(']');
  const colon = name.indexOf(':', Math.max(bracket, 0));
  const host = (colon === -1 ? name : name.slice(0, colon)).replace(/^\[|\]$/g, '');
  return {
    host,
    port: colon === -1 ? undefined : Number(name.slice(colon + 1)),
    isAddress: isIPv4(host) || isIPv6(host),
  };
};

/** A target named by its server name alone: the host is both where to connect and what the certificate says. */
export const directTarget = (name: ServerName): Target => {
  const { host, port } = hostAndPort(name);
  return { scheme: 'https', host, port: port ?? DEFAULT_PORT, hostHeader: name, tlsName: host, trusted: false };
};

/** The operator's word on where a server is. The name it answers to stays the server's own. */
export const overriddenTarget = (name: ServerName, override: string): Target => {
  const url = new URL(override.includes('://') ? override : `https://${override}`);
  const scheme = url.protocol === 'http:' ? 'http' : 'https';
  return {
    scheme,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    // `URL` leaves out the scheme's default port, which is not ours.
    port: url.port === '' ? impliedPort(override, scheme) : Number(url.port),
    hostHeader: name,
    tlsName: hostAndPort(name).host,
    trusted: true,
  };
};

const impliedPort = (override: string, scheme: 'https' | 'http'): number => {
  if (/:443\/?$/.test(override)) return 443;
  return scheme === 'http' ? 80 : DEFAULT_PORT;
};
