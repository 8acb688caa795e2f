import { ToDevice } from '../features/to-device/index.ts';
import type { Schedule } from '../platform/schedule.ts';
import { SequencedStream } from '../streams/sequenced-stream.ts';
import type { Notifier } from '../streams/notifier.ts';
import type { Base } from './base.ts';
import type { RoomServices } from './rooms.ts';

interface Parts {
  readonly rooms: RoomServices;
  readonly notifier: Notifier;
}

/** What devices tell each other and publish of themselves, so that they can encrypt. */
export const composeEncryption = async (base: Base, { rooms: { eduListeners, outbox }, notifier }: Parts) => {
  const { db } = base;
  const toDevice = new ToDevice({
    ...base,
    stream: await SequencedStream.open(db, 'to-device', 'to_device_positions'),
    notifier,
    outbox,
  });
  eduListeners.push({
    eduType: 'm.direct_to_device',
    isKept: true,
    receive: (origin, content) => toDevice.receive(origin, content),
  });
  return { toDevice };
};

export type EncryptionServices = Awaited<ReturnType<typeof composeEncryption>>;

export const scheduleEncryption = (schedule: Schedule, { toDevice }: EncryptionServices): void => {
  schedule.every('27 4 * * *', 'forget old messages to devices', () => toDevice.trim());
};
