import { BlockList, isIP } from 'node:net';

const IPV6_BYTES = 16;

/** Asked first: that something is no IPv6 address is clear then, which Node finds out with a long regular expression. */
const isWithColon = (address: string): boolean => address.includes(':');

/** The sixteen bytes of an IPv6 address without zone, or `undefined` where there is none. */
const v6Bytes = (address: string): Uint8Array | undefined => {
  if (!isWithColon(address) || isIP(address) !== 6 || address.includes('%')) return undefined;
  // The URL parser is the standard library's way to normalise an address, dotted tail included.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = IPV6_BYTES / 2 - left.length - right.length;
  const groups = [...left, ...Array<string>(gap).fill('0'), ...right].map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
};

/** Prefixes in which an IPv4 address stands inside an IPv6 address, with the byte where it starts. */
const EMBEDDINGS: readonly { readonly prefix: readonly number[]; readonly at: number }[] = [
  { prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], at: 12 }, // mapped
  { prefix: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], at: 12 }, // compatible, deprecated
  { prefix: [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], at: 12 }, // NAT64, RFC 6052
  { prefix: [0, 0x64, 0xff, 0x9b, 0, 1], at: 12 }, // NAT64 of a local network, RFC 8215 with a 96-bit prefix
  { prefix: [0x20, 0x02], at: 2 }, // 6to4
];

/** The IPv4 address that an IPv6 address leads to by translation or tunnel. */
export const embeddedIPv4 = (address: string): string | undefined => {
  const bytes = v6Bytes(address);
  if (!bytes) return undefined;
  const found = EMBEDDINGS.find(({ prefix }) => prefix.every((byte, index) => bytes[index] === byte));
  return found && bytes.slice(found.at, found.at + 4).join('.');
};

/** A set of IP addresses, written as addresses and CIDR ranges. What is no address is in no set. */
export interface IpRanges {
  /** Whether an address is in the set. This is the question for whom to trust. */
  includes(address: string): boolean;
  /** As `includes`, or leading to an IPv4 address that is, by translation or tunnel. For whom not to contact. */
  leadsTo(address: string): boolean;
}

/** Throws a plain `Error` for something that is no range. */
export const ipRanges = (ranges: readonly string[]): IpRanges => {
  const list = new BlockList();
  for (const range of ranges) add(list, range);
  const includes = (address: string): boolean => {
    const plain = plainAddress(address);
    const family = isIP(plain);
    return family !== 0 && list.check(withoutZone(plain), family === 4 ? 'ipv4' : 'ipv6');
  };
  return {
    includes,
    leadsTo(address) {
      const inner = embeddedIPv4(withoutZone(address));
      return includes(address) || (inner !== undefined && includes(inner));
    },
  };
};

const withoutZone = (address: string): string => address.replace(/%.*$/, '');

const add = (list: BlockList, range: string): void => {
  const [address = '', length, ...rest] = range.split('/');
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  const prefix = length === undefined ? bits : Number(length);
  const isPrefix = length === undefined || (/^\d{1,3}$/.test(length) && prefix <= bits);
  if (family === 0 || rest.length > 0 || !isPrefix) throw new Error(`not an IP address or range: ${range}`);
  list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
};

/** IPv4 as itself, also where it came in through an IPv6 socket. */
export const plainAddress = (address: string): string => {
  if (!isWithColon(address)) return address;
  // As Node writes the peers of a socket for both families, so that nothing needs to be taken apart.
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (dotted !== undefined) return dotted;
  const isMapped = /^(?:::|(?:0+:){5})ffff:/i.test(address);
  return isMapped ? (embeddedIPv4(address) ?? address) : address;
};

/** What one party has to itself: an IPv4 address, or the 64-bit network of an IPv6 address. */
export const networkOf = (address: string): string => {
  const bytes = v6Bytes(address);
  return bytes ? `${Buffer.from(bytes.subarray(0, 8)).toString('hex')}::/64` : address;
};

export const isLoopback = (address: string): boolean => loopback.includes(address);

const loopback = ipRanges(['127.0.0.0/8', '::1']);
