import type { ServerName } from '@holm/spec/ids';
import { canonicalJson } from '../../core/json/canonical.ts';

export interface TransactionParts {
  readonly origin: ServerName;
  readonly sentAt: number;
  /** Canonical JSON of each event. */
  readonly pdus: readonly string[];
  /** Canonical JSON of each message. */
  readonly edus: readonly string[];
}

/** A transaction's body. Its parts are canonical already, so putting them together in order is all that is left. */
export const transactionText = ({ origin, sentAt, pdus, edus }: TransactionParts): string => {
  const ephemeral = edus.length === 0 ? '' : `"edus":[${edus.join(',')}],`;
  return `{${ephemeral}"origin":${canonicalJson(origin)},"origin_server_ts":${sentAt},"pdus":[${pdus.join(',')}]}`;
};
