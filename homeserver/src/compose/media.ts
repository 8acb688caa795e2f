import { arch, platform } from 'node:process';
import { join } from 'node:path';
import type { Check } from '../features/health/index.ts';
import {
  Arrivals, decoderMissing, Files, Library, MediaFolder, mediaTelemetry, PictureProcesses, Thumbnails, Uploads,
} from '../features/media/index.ts'; // prettier-ignore
import type { Base } from './base.ts';

/** Files: those that people here send, and those of others. */
export const composeMedia = async (base: Base, stack: AsyncDisposableStack) => {
  const { config, clock, metrics } = base;
  const settings = config.media;
  const log = base.log.with({ area: 'media' });
  const folder = new MediaFolder(settings.path ?? join(config.data_dir, 'media'), base.entropy);
  await folder.prepare();
  const files = new Files({ ...base, folder });
  const processes = stack.use(new PictureProcesses({ clock, log, atOnce: settings.picture_processes }));
  metrics.gauge('holm_media_picture_processes', 'Processes that make pictures small.', () => processes.size);
  const deps = { ...base, log, settings, folder, files, processes, arrivals: new Arrivals(clock) };
  const withTelemetry = { ...deps, telemetry: mediaTelemetry(metrics) };
  const thumbnails = new Thumbnails(withTelemetry);
  const missing = decoderMissing(platform, arch);
  if (missing !== undefined) log.warn('pictures cannot be made small here', { why: missing });
  const check: Check = {
    name: 'small pictures',
    needed: false,
    problem: () => Promise.resolve(missing ?? thumbnails.unavailable),
  };
  return { files, uploads: new Uploads(withTelemetry), library: new Library(deps), thumbnails, check };
};

export type MediaServices = Awaited<ReturnType<typeof composeMedia>>;
