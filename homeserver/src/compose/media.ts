import { arch, platform } from 'node:process';
import { join } from 'node:path';
import type { Check } from '../features/health/index.ts';
import {
  Arrivals, decoderMissing, Files, FoundPictures, Library, MediaAdministration, MediaFolder, mediaTelemetry, MediaUpkeep, PictureProcesses, RemoteMedia,
  Thumbnails, Uploads,
} from '../features/media/index.ts'; // prettier-ignore
import { UrlPreviews } from '../features/url-previews/index.ts';
import { ipRanges } from '../platform/address.ts';
import { createFetch } from '../platform/fetch.ts';
import type { Schedule } from '../platform/schedule.ts';
import type { AccountServices } from './accounts.ts';
import type { Base } from './base.ts';
import type { Federation } from './federation.ts';

interface Parts {
  readonly federation: Federation;
  readonly accounts: AccountServices;
}

/** Files: those that people here send, and those of others. */
export const composeMedia = async (base: Base, { federation, accounts }: Parts, stack: AsyncDisposableStack) => {
  const { config, clock, metrics } = base;
  const settings = config.media;
  const log = base.log.with({ area: 'media' });
  const folder = new MediaFolder(settings.path ?? join(config.data_dir, 'media'), base.entropy);
  await folder.prepare();
  const files = new Files({ ...base, folder });
  const processes = stack.use(new PictureProcesses({ clock, log, atOnce: settings.picture_processes }));
  metrics.gauge('holm_media_picture_processes', 'Processes that make pictures small.', () => processes.size);
  const telemetry = mediaTelemetry(metrics);
  const deps = { ...base, log, settings, folder, files, processes, telemetry, arrivals: new Arrivals(clock) };
  const fetch = stack.use(fetchFor('media', base, federation));
  const remote = new RemoteMedia({ ...deps, client: federation.client, fetch: fetch.open });
  const thumbnails = new Thumbnails(deps);
  const missing = decoderMissing(platform, arch);
  if (missing !== undefined) log.warn('pictures cannot be made small here', { why: missing });
  const check: Check = {
    name: 'small pictures',
    needed: false,
    problem: () => Promise.resolve(missing ?? thumbnails.unavailable),
  };
  const previews = new UrlPreviews({
    ...deps,
    settings: settings.url_previews,
    fetch: stack.use(fetchFor('previews', base, federation)).open,
    pictures: new FoundPictures(deps),
  });
  const upkeep = new MediaUpkeep(deps);
  return {
    files,
    uploads: new Uploads(deps),
    library: new Library({ ...deps, remote }),
    thumbnails,
    previews,
    upkeep,
    administration: new MediaAdministration({ ...deps, administrators: accounts.accounts, upkeep }),
    check,
  };
};

export type MediaServices = Awaited<ReturnType<typeof composeMedia>>;

/** For addresses that strangers name. */
const fetchFor = (kind: 'media' | 'previews', { config }: Base, { settings }: Federation) => {
  const { denied_ip_ranges: ranges, [kind]: outgoing } = config.outgoing;
  return createFetch({
    denied: outgoing.allow_private_addresses ? undefined : ipRanges(ranges),
    verifyCertificates: outgoing.verify_certificates,
    extraAuthorities: settings.trustedCa,
    timeoutMs: outgoing.timeout_ms,
  });
};

export const scheduleMedia = (schedule: Schedule, { upkeep }: MediaServices): void => {
  schedule.every('13 * * * *', 'remove files that nobody needs', () => upkeep.run());
};
