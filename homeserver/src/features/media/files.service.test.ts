import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerName } from '@holm/spec/ids';
import { expect } from 'chai';
import { sql } from '../../storage/sql.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { seededEntropy } from '../../testing/seeded-entropy.ts';
import { Files } from './files.service.ts';
import { filesStore } from './files.store.ts';
import { MediaFolder } from './media-folder.ts';
import { mediaStore } from './media.store.ts';

async function* bytes(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

describe('the media folder and what is known of it', () => {
  const path = mkdtempSync(join(tmpdir(), 'holm-files-'));
  const clock = new ManualClock();
  const folder = new MediaFolder(path, seededEntropy('files'));
  const serverName = ServerName.parse('a.test');
  let database: TestDatabase;
  let files: Files;
  let count = 0;

  before(async () => {
    database = await createTestDatabase();
    files = new Files({ db: database.db, clock, folder });
    await folder.prepare();
  });
  after(async () => {
    await database[Symbol.asyncDispose]();
    rmSync(path, { recursive: true });
  });

  const keep = async (content: string): Promise<string> => {
    const mediaId = `m${count++}`;
    await using draft = await files.receive(bytes(content));
    const described = { contentType: 'a/b', filename: undefined, uploader: undefined, now: clock.now(), isOpen: false };
    await files.keep(draft, (tx) => mediaStore.put(tx, { serverName, mediaId, hash: draft.hash, ...described }));
    return mediaId;
  };
  const forget = (mediaId: string) =>
    database.db.transact(async (tx) => {
      const [row] = await tx.rows<{ hash: Buffer }>(sql`DELETE FROM media WHERE media_id = ${mediaId} RETURNING hash`);
      await filesStore.loosen(tx, [row!.hash], clock.now());
    });
  const drafts = () => readdirSync(join(path, 'drafts'));

  it('agree, however often the same content comes and goes at the same time', async () => {
    const work = async (index: number): Promise<void> => {
      for (let round = 0; round < 5; round++) {
        const mediaId = await keep(`content ${(index + round) % 3}`);
        if ((index + round) % 4 > 0) await forget(mediaId);
        await files.collect();
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, index) => work(index)));
    await files.collect();
    const kept = await database.db.rows<{ hash: Buffer }>(sql`SELECT DISTINCT hash FROM media`);
    expect(kept).to.have.length(3);
    for (const { hash } of kept) expect(existsSync(folder.pathOf(hash))).to.equal(true);
    for (const { mediaId } of await database.db.rows<{ mediaId: string }>(
      sql`SELECT media_id AS "mediaId" FROM media`,
    )) {
      await forget(mediaId);
    }
    await files.collect();
    for (const { hash } of kept) expect(existsSync(folder.pathOf(hash))).to.equal(false);
    expect(await database.db.rows(sql`SELECT FROM media_files`)).to.have.length(0);
    expect(drafts()).to.deep.equal([]);
  });

  it('agree when a content comes back just as it is about to go', async () => {
    await forget(await keep('back'));
    await using draft = await files.receive(bytes('back'));
    const { hash } = draft;
    const [stored, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const keeping = files.keep(draft, async (tx) => {
      const described = {
        contentType: 'a/b',
        filename: undefined,
        uploader: undefined,
        now: clock.now(),
        isOpen: false,
      };
      await mediaStore.put(tx, { serverName, mediaId: 'back', hash, ...described });
      stored.resolve();
      await gate.promise;
    });
    await stored.promise;
    const collecting = files.collect();
    const waiting = sql`SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`;
    while ((await database.db.rows(waiting)).length === 0) await new Promise(setImmediate);
    gate.resolve();
    await Promise.all([keeping, collecting]);
    expect(existsSync(folder.pathOf(hash))).to.equal(true);
    await forget('back');
    await files.collect();
    expect(existsSync(folder.pathOf(hash))).to.equal(false);
  });

  it('leave nothing behind of what fails', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('half');
      throw new Error('cut');
    }
    await files.receive(broken()).catch(() => undefined);
    expect(drafts()).to.deep.equal([]);
    const refused = async () => {
      await using draft = await files.receive(bytes('refused'));
      await files.keep(draft, () => Promise.reject(new Error('no')));
    };
    expect(await refused().catch((error: unknown) => error)).to.have.property('message', 'no');
    expect(drafts()).to.deep.equal([]);
    expect(await database.db.rows(sql`SELECT FROM media_files`)).to.have.length(0);
  });

  it('forget at the start what a server that was killed had begun', async () => {
    await folder.receive(bytes('begun'));
    expect(drafts()).to.have.length(1);
    await folder.prepare();
    expect(drafts()).to.deep.equal([]);
  });
});
