import type { ServerName } from '@holm/spec/ids';

/** What the operator decides about federation. The configuration has a section of this shape. */
export interface FederationSettings {
  /** Off: nobody may speak to us, and we speak to nobody. */
  readonly enabled: boolean;
  /** When not empty, only these servers may speak to us and be spoken to. `*` stands for any text. */
  readonly allow: readonly string[];
  /** Never these, even if allowed. */
  readonly deny: readonly string[];
  /**
   * Where to find a server, in place of discovery: `host`, `host:port`, or `http://host:port` to speak without TLS.
   * The certificate is still expected to be the server name's. Ranges that are never contacted do not apply.
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

/** Whether the operator lets a server take part. */
export const serverFilter = ({
  enabled,
  allow,
  deny,
}: Pick<FederationSettings, 'enabled' | 'allow' | 'deny'>): ((server: ServerName) => boolean) => {
  const allowed = allow.map(globPattern);
  const denied = deny.map(globPattern);
  return (server) =>
    enabled &&
    !denied.some((pattern) => pattern.test(server)) &&
    (allowed.length === 0 || allowed.some((pattern) => pattern.test(server)));
};

const globPattern = (glob: string): RegExp => new RegExp(`^${glob.split(/\*+/).map(escapePattern).join('.*')}$`, 'i');

const escapePattern = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
