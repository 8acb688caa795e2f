import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerName } from '@holm/spec/ids';
import { expect } from 'chai';
import { silentLog } from '../../platform/log.ts';
import { Metrics } from '../../platform/metrics.ts';
import { createTestDatabase } from '../../testing/database.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { seededEntropy } from '../../testing/seeded-entropy.ts';
import { Files } from './files.service.ts';
import { MediaFolder } from './media-folder.ts';
import type { PictureAnswer } from './pictures/jobs.ts';
import { mediaTelemetry } from './telemetry.ts';
import { Thumbnails } from './thumbnails.service.ts';

const PNG = Buffer.from('\x89PNG\r\n\x1a\n and so on', 'latin1');
const AVIF = Buffer.from('\0\0\0\0ftypavif');
const QUERY = { width: 96, height: 96 };

describe('small pictures, with decoders that fail', () => {
  const path = mkdtempSync(join(tmpdir(), 'holm-thumbnails-'));
  after(() => rmSync(path, { recursive: true }));

  const serverName = ServerName.parse('a.test');

  const setUp = async (answer: PictureAnswer) => {
    const database = await createTestDatabase();
    const clock = new ManualClock();
    const folder = new MediaFolder(path, seededEntropy('media'));
    await folder.prepare();
    const files = new Files({ db: database.db, clock, folder });
    let asked = 0;
    const run = () => {
      asked++;
      return Promise.resolve(answer);
    };
    const settings = {
      max_upload_bytes: 1, quota_bytes_per_user: 0, max_pending_uploads: 1, unused_upload_hours: 1,
      max_remote_bytes: 1, keep_remote_days: 1, remote_cache_bytes: 1, max_picture_pixels: 1, picture_processes: 1, allow_unauthenticated: false,
    }; // prettier-ignore
    const telemetry = mediaTelemetry(new Metrics());
    const deps = {
      db: database.db,
      clock,
      log: silentLog,
      serverName,
      settings,
      files,
      folder,
      processes: { run },
      telemetry,
    };
    const store = async (content: Buffer) => {
      await using draft = await folder.receive(
        (async function* () {
          yield content;
        })(),
      );
      await files.keep(draft, () => Promise.resolve());
      const { hash, size } = draft;
      const mxc = { serverName, mediaId: 'x' };
      return { ...mxc, hash, size, contentType: 'text/plain', filename: undefined, isOpen: false };
    };
    return {
      thumbnails: new Thumbnails(deps), store, clock, asked: () => asked, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    }; // prettier-ignore
  };

  it('are the pictures themselves where none can be made at all', async () => {
    await using test = await setUp({ outcome: 'unavailable', why: 'no package' });
    expect(test.thumbnails.unavailable).to.equal(undefined);
    const media = await test.store(PNG);
    const shown = await test.thumbnails.of(media, QUERY);
    expect(shown).to.deep.include({ hash: media.hash, contentType: 'image/png', filename: 'thumbnail.png' });
    expect(test.thumbnails.unavailable).to.equal('no package');
    const refused: unknown = await test.thumbnails.of(await test.store(AVIF), QUERY).catch((error: unknown) => error);
    expect(refused).to.have.property('status', 400);
  });

  it('are not tried again at once', async () => {
    await using test = await setUp({ outcome: 'too large' });
    const media = await test.store(PNG);
    const ask = () => test.thumbnails.of(media, QUERY).catch((error: unknown) => error);
    for (let index = 0; index < 3; index++) expect(await ask()).to.include({ errcode: 'M_TOO_LARGE', status: 413 });
    expect(test.asked()).to.equal(1);
    const remote = { ...media, serverName: ServerName.parse('b.test') };
    const told: unknown = await test.thumbnails.of(remote, QUERY).catch((error: unknown) => error);
    expect(told).to.include({ errcode: 'M_TOO_LARGE', status: 502 });
    test.clock.advance(3_600_000);
    await ask();
    expect(test.asked()).to.equal(2);
  });
});
