import { promises as dns } from 'node:dns';
import type { SrvRecord } from './srv.ts';

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** The part of the DNS that discovery needs. Names that do not exist have no records; other failures are thrown. */
export interface Dns {
  srv(name: string): Promise<readonly SrvRecord[]>;
  addresses(host: string): Promise<readonly Address[]>;
}

const ABSENT = new Set(['ENOTFOUND', 'ENODATA']);

const orNone = (error: unknown): readonly never[] => {
  if (ABSENT.has((error as { code?: string }).code ?? '')) return [];
  throw error;
};

/** Nobody waits longer than this for service records, which most servers do not have. */
const SRV_QUERY = { timeout: 2_000, tries: 2 };

/** `/etc/hosts` and friends count for addresses, as for every other program on the machine. */
export const createSystemDns = (): Dns => {
  const resolver = new dns.Resolver(SRV_QUERY);
  return {
    srv: (name) => resolver.resolveSrv(name).catch(orNone),
    addresses: (host) => dns.lookup(host, { all: true }).catch(orNone),
  };
};
