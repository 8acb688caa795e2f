import { ClientEvent, HttpApiEvent, SyncState, type MatrixClient } from 'matrix-js-sdk';
import { derive } from '../../reactive/derive.ts';
import { createValue, type Value } from '../../reactive/value.ts';
import type { Connection } from '../gateway.ts';

export interface Link extends Disposable {
  readonly connection: Value<Connection>;
  readonly isReady: Value<boolean>;
  readonly isRevoked: Value<boolean>;
}

const STATES: Record<SyncState, Connection> = {
  [SyncState.Prepared]: 'online',
  [SyncState.Syncing]: 'online',
  [SyncState.Catchup]: 'reconnecting',
  [SyncState.Reconnecting]: 'reconnecting',
  [SyncState.Error]: 'offline',
  [SyncState.Stopped]: 'offline',
};

/** How the sync is getting on, together with what the browser knows of its network. */
export const connectionOf = (client: MatrixClient, online: Value<boolean>): Link => {
  const sync = createValue<Connection>('connecting');
  const isReady = createValue(false);
  const isRevoked = createValue(false);

  client.on(ClientEvent.Sync, (state) => {
    sync.set(STATES[state]);
    if (state === SyncState.Prepared || state === SyncState.Syncing) isReady.set(true);
  });
  client.on(HttpApiEvent.SessionLoggedOut, () => isRevoked.set(true));
  const watch = online.observe(() => {
    if (online.get()) client.retryImmediately();
  });

  return {
    connection: derive([sync, online], (state, hasNetwork) => (hasNetwork ? state : 'offline')),
    isReady,
    isRevoked,
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
};
