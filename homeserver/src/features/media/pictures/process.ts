// A process of its own that handles pictures, started by `processes.ts`: decoders of pictures have had holes and leaks,
// and what happens here does not happen to the server.
import type { PictureAnswer, PictureJob } from './jobs.ts';

type Draw = (job: PictureJob) => Promise<PictureAnswer>;

const load = async (): Promise<Draw> => {
  try {
    return (await import('./draw.ts')).draw;
  } catch (error) {
    // The package for this kind of machine is not there, or the machine is too old for it.
    const why = (error as Error).message.split('\n')[0] ?? '';
    return () => Promise.resolve({ outcome: 'unavailable', why });
  }
};

const draw = await load();

process.on('message', (job: PictureJob) => {
  void draw(job).then((answer) => process.send?.(answer));
});
// The server is gone.
process.on('disconnect', () => process.exit());
