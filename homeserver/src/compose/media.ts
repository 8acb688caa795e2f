import { join } from 'node:path';
import { Arrivals, Files, Library, MediaFolder, mediaTelemetry, Uploads } from '../features/media/index.ts';
import type { Base } from './base.ts';

/** Files: those that people here send, and those of others. */
export const composeMedia = async (base: Base) => {
  const { config, clock, metrics } = base;
  const settings = config.media;
  const log = base.log.with({ area: 'media' });
  const folder = new MediaFolder(settings.path ?? join(config.data_dir, 'media'), base.entropy);
  await folder.prepare();
  const files = new Files({ ...base, folder });
  const arrivals = new Arrivals(clock);
  const telemetry = mediaTelemetry(metrics);
  const deps = { ...base, log, settings, files, arrivals, telemetry };
  return { files, uploads: new Uploads(deps), library: new Library(deps) };
};

export type MediaServices = Awaited<ReturnType<typeof composeMedia>>;
