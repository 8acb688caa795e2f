import type { SyncPart } from '../../streams/sync-part.ts';
import type { ToDevice } from './to-device.service.ts';

/** Messages to a device as a part of what it follows. */
export const toDevicePart = (toDevice: ToDevice): SyncPart => ({
  stream: toDevice.stream,
  isOfDevice: true,
  mayHaveNews: (reader, after) => toDevice.mayHaveChanged(reader, after),
  news: (reader, range) => toDevice.waiting(reader, range, reader.atMost),
  acknowledge: (reader, upTo) => toDevice.acknowledge(reader, upTo),
});
