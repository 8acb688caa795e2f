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

/** `/etc/hosts` and friends count for addresses, as for every other program on the machine. */
export const systemDns: Dns = {
  srv: (name) => dns.resolveSrv(name).catch(orNone),
  addresses: (host) => dns.lookup(host, { all: true }).catch(orNone),
};
