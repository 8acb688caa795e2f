import type { ServerName } from '@holm/spec/ids';

/** What the operator decides about federation. The configuration has a section of this shape. */
export interface FederationSettings {
  /** Only these servers may speak to us and be spoken to; everybody when absent. */
  readonly allow?: readonly ServerName[] | undefined;
  /** Never these, even if allowed. */
  readonly deny: readonly ServerName[];
  /**
   * Where to find a server, in place of discovery: `host`, `host:port`, or `http://host:port` to speak without TLS.
   * The certificate is still expected to be the server name's.
   */
  readonly overrides: ReadonlyMap<ServerName, string>;
  /** Certificates (PEM) that are trusted beside the system's. */
  readonly trustedCa?: string | undefined;
  /** For test set-ups: whether the certificates of other servers must be valid. */
  readonly verifyCertificates: boolean;
  /** The longest time between two attempts to reach a server that is down. */
  readonly backOffCapMs: number;
  /** How long an ordinary request may take. Joins and transactions may take longer. */
  readonly requestTimeoutMs: number;
  /** Servers that may be asked for the keys of others that cannot be reached. */
  readonly notaries: readonly ServerName[];
}

/** Whether the operator lets this server take part. */
export const isAllowed = ({ allow, deny }: Pick<FederationSettings, 'allow' | 'deny'>, server: ServerName): boolean =>
  !deny.includes(server) && (allow === undefined || allow.includes(server));
