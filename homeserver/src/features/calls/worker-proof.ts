import { createWorker } from 'mediasoup';

/** Starts one worker and closes it. Resolves when it ran; rejects with mediasoup's reason when it did not. */
export const proveMediaWorker = async (path: string): Promise<void> => {
  const worker = await createWorker({ workerBin: path, logLevel: 'error' });
  worker.close();
};
