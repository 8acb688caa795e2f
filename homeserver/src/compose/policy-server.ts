import { join } from 'node:path';
import { KeyId, RoomId } from '@holm/spec/ids';
import { POLICY_KEY_ID } from '../core/events/signatures.ts';
import { PolicyServer } from '../features/policy-server/index.ts';
import { loadSigningKeys } from '../federation/keyring/own-keys.ts';
import type { RateLimits } from '../http/rate-limit.ts';
import type { EngineDeps, RoomEngine } from '../rooms/engine.ts';
import type { Ingest } from '../rooms/ingest/ingest.ts';
import type { Base } from './base.ts';
import type { Federation } from './federation.ts';

/** Undefined where this server is no policy server. */
export const policyServerSettings = async (
  { config, entropy }: Base,
  rateLimits: RateLimits,
): Promise<EngineDeps['policyServer']> => {
  const { enabled, key_file: file, ban_lists: lists, max_mentions: maxMentions, refused_types } = config.policy_server;
  if (!enabled) return undefined;
  const path = file ?? join(config.data_dir, 'policy.key');
  const [key] = await loadSigningKeys(path, entropy, () => KeyId.parse(POLICY_KEY_ID));
  return {
    key,
    banLists: lists.map((roomId) => RoomId.parse(roomId)),
    rules: { maxMentions, refusedTypes: new Set(refused_types) },
    takeFromRate: (roomAndSender) => rateLimits.take('policed', roomAndSender),
  };
};

/** What answers other servers, where this server is a policy server. */
export const composePolicyServer = (
  { serverName }: Base,
  { engine, ingest }: { readonly engine: RoomEngine; readonly ingest: Pick<Ingest, 'isAllowed'> },
  { keyring: verifier }: Federation,
): PolicyServer | undefined =>
  engine.ownPolicy &&
  new PolicyServer({
    ...engine,
    serverName,
    verifier,
    own: engine.ownPolicy,
    isAllowed: (room, server) => ingest.isAllowed(room, server),
  });
