import { promises as dns } from 'node:dns';
import { Slots } from '../../platform/slots.ts';
import type { SrvRecord } from './srv.ts';

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** The part of the DNS that discovery needs. Names that do not exist have no records; other failures are thrown. */
export interface Dns {
  srv(name: string): Promise<readonly SrvRecord[]>;
  readonly addresses: (host: string) => Promise<readonly Address[]>;
}

const ABSENT = new Set(['ENOTFOUND', 'ENODATA']);

const orNone = (error: unknown): readonly never[] => {
  if (ABSENT.has((error as { code?: string }).code ?? '')) return [];
  throw error;
};

/** Nobody waits longer than this for service records, which most servers do not have. */
const SRV_QUERY = { timeout: 2_000, tries: 2 };

/**
 * The system's look-up holds up a thread each, for many seconds where no name server answers: a thousand dead servers
 * must leave threads for signatures and files. There are sixteen (`scripts/setup/become.mjs`).
 */
export const LOOKUPS_AT_ONCE = 10;

export interface SystemDnsDeps {
  readonly lookup: (host: string) => Promise<readonly Address[]>;
}

/** `/etc/hosts` and friends count for addresses, as for every other program on the machine. */
export const createSystemDns = (
  { lookup }: SystemDnsDeps = { lookup: (host) => dns.lookup(host, { all: true }) },
): Dns => {
  const resolver = new dns.Resolver(SRV_QUERY);
  const slots = new Slots(LOOKUPS_AT_ONCE);
  const asking = new Map<string, Promise<readonly Address[]>>();
  const ask = (host: string) => slots.run(() => lookup(host).catch(orNone)).finally(() => asking.delete(host));
  return {
    srv: (name) => resolver.resolveSrv(name).catch(orNone),
    /** Those who ask for one name at the same time share the answer. */
    addresses: (host) => {
      const asked = asking.get(host) ?? ask(host);
      asking.set(host, asked);
      return asked;
    },
  };
};
