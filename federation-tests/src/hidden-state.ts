import type { StateSource } from '@holm/homeserver/rooms/ingest/ports';

/** A state as somebody tells it who leaves some of its events out. */
export const withoutEvents = (
  told: StateSource,
  isHidden: (pdu: { readonly type: string; readonly state_key: string }) => boolean,
): StateSource => ({
  read: (of, take) =>
    told.read(of, (pdu, size) => (of === 'state' && isHidden(pdu as never) ? undefined : take(pdu, size))),
  [Symbol.asyncDispose]: () => told[Symbol.asyncDispose](),
});
