import { EventId } from '@holm/spec/ids';
import { isObject, type JsonObject } from '@holm/spec/json';

/** Relations followed on the way to a thread's root, as the specification recommends. */
export const ROOT_HOPS = 3;

/**
 * The root of the thread that an event is in, or `main`.
 * https://spec.matrix.org/latest/client-server-api/#threaded-read-receipts
 */
export const threadOf = async (
  event: EventId,
  contentOf: (id: EventId) => Promise<JsonObject | undefined>,
): Promise<string> => {
  let id = event;
  for (let hop = 0; hop < ROOT_HOPS; hop++) {
    const relation = (await contentOf(id))?.['m.relates_to'];
    if (!isObject(relation)) return 'main';
    const { rel_type: type, event_id: parent } = relation;
    if (!EventId.is(parent)) return 'main';
    if (type === 'm.thread') return parent;
    id = parent;
  }
  return 'main';
};
