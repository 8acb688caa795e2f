import type { TransportListenInfo } from 'mediasoup/types';
import { isIPv4, isIPv6 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';
import { ipRanges } from '../../../platform/address.ts';

type Interfaces = Readonly<Record<string, readonly Pick<NetworkInterfaceInfo, 'address' | 'internal'>[] | undefined>>;

/** Where media is sent and received, and what clients are told of it. */
export interface MediaAddresses {
  readonly bound: readonly string[];
  /** At most one of each family: what others know a bound address by. */
  readonly announced: readonly string[];
}

const LOOPBACK = '127.0.0.1';
const linkLocal = ipRanges(['169.254.0.0/16', 'fe80::/10']);
/** Addresses that nobody outside of this network can reach: RFC 1918, RFC 6598, RFC 4193. */
const inside = ipRanges(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', '127.0.0.0/8']);
/** Networks between containers of this machine. */
const CONTAINERS = /^(?:docker|br-|veth|virbr|cni|podman|lxc)/;

/** The addresses of a machine by which others may reach it; loopback where there is no other. */
export const ownAddresses = (interfaces: Interfaces): readonly string[] => {
  const found = Object.entries(interfaces)
    .filter(([name]) => !CONTAINERS.test(name))
    .flatMap(([, infos]) => infos ?? [])
    .filter(({ address, internal }) => !internal && !linkLocal.includes(address))
    .map(({ address }) => address);
  return found.length > 0 ? found : [LOOPBACK];
};

export const isPublic = (address: string): boolean =>
  !inside.includes(address) && !linkLocal.includes(address) && address !== '::1';

const FAMILIES = [isIPv4, isIPv6];

/** Whether there is a family of addresses by which nobody outside can reach this machine, as all of its own are inner ones. */
export const isHidden = (bound: readonly string[]): boolean => FAMILIES.some((isOf) => isHiddenBy(isOf, bound));

const isHiddenBy = (isOf: (address: string) => boolean, bound: readonly string[]): boolean => {
  const own = bound.filter(isOf);
  return own.length > 0 && !own.some(isPublic);
};

/**
 * What to announce, of the addresses that our name leads to: those of the families whose own addresses nobody outside can
 * reach. At home, IPv6 addresses are mostly public, and IPv4 ones are not.
 */
export const announcedOf = (bound: readonly string[], found: readonly string[]): readonly string[] =>
  FAMILIES.flatMap((isOf) => (isHiddenBy(isOf, bound) ? found.filter((one) => isOf(one) && isPublic(one)) : []));

/**
 * One port of UDP and TCP on each address. An announced address stands for the first bound one of its family that is
 * not public, or the first at all; clients in the same network are told the inner address too.
 */
export const listenInfos = ({ bound, announced }: MediaAddresses, port: number): TransportListenInfo[] => {
  const shown = new Map<string, string>();
  for (const isFamily of FAMILIES) {
    const own = bound.filter(isFamily);
    const carrier = own.find((address) => !isPublic(address)) ?? own[0];
    const told = announced.find(isFamily);
    if (carrier !== undefined && told !== undefined && told !== carrier) shown.set(carrier, told);
  }
  return bound.flatMap((ip) => {
    const announcedAddress = shown.get(ip);
    const info = {
      ip,
      ...(port !== 0 && { port }),
      ...(announcedAddress !== undefined && { announcedAddress, exposeInternalIp: true }),
    };
    return [
      { ...info, protocol: 'udp' as const },
      { ...info, protocol: 'tcp' as const },
    ];
  });
};
