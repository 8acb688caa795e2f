import { once } from 'node:events';
import { Readable } from 'node:stream';
import { ServerName } from '@holm/spec/ids';
import { expect } from 'chai';
import type { Reply } from '../../http/reply.ts';
import { systemEntropy } from '../../platform/entropy.ts';
import { servedMediaRoutes } from './served-media.routes.ts';

describe('media for other servers', () => {
  it('are closed where nobody begins to read them', async () => {
    const file = Readable.from(['text'], { objectMode: false });
    const media = { contentType: 'text/plain', filename: undefined, size: 4 };
    const library = { find: () => Promise.resolve(media), read: () => Promise.resolve(file) };
    const [download] = servedMediaRoutes({
      ...{ serverName: ServerName.parse('a.test'), entropy: systemEntropy },
      ...({ library, thumbnails: {} } as never as Pick<
        Parameters<typeof servedMediaRoutes>[0],
        'library' | 'thumbnails'
      >),
    });
    const handle = download?.handle as (request: unknown) => Promise<Reply>;
    const { body } = await handle({ params: { mediaId: 'M' }, query: {} });
    (body as Readable).destroy();
    await once(body as Readable, 'close');
    expect(file.destroyed).to.equal(true);
  });
});
