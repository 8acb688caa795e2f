import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import sharp from 'sharp';
import { deflateSync } from 'node:zlib';
import { download, getFile, pathOfMxc, thumbnail, upload } from '../src/files.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';

const picture = (width: number, height: number, background = '#336699') =>
  sharp({ create: { width, height, channels: 3, background } });

/** An animation of as many frames as there are colours. */
const animation = async (colours: readonly string[], [width, height] = [200, 100]): Promise<Buffer> => {
  const frames = await Promise.all(colours.map((colour) => picture(width, height, colour).png().toBuffer()));
  return sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer();
};

const chunk = (type: string, data: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  // Nothing reads as far as the checksum of a picture that is refused by its size.
  return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
};

/** Two kilobytes that say that they are a picture of ten thousand million pixels. */
const bomb = (): Buffer => {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(100_000, 0);
  header.writeUInt32BE(100_000, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const start = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    start,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(2_000_000))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
};

/** https://spec.matrix.org/latest/client-server-api/#thumbnails */
describe('small pictures', () => {
  let network: TestNetwork;
  let alice: Person;

  before(async () => {
    network = await TestNetwork.with({ names: ['a.test'], config: { media: { max_picture_pixels: 4_000_000 } } });
    alice = await network.person('alice', 'a.test');
  });
  after(() => network[Symbol.asyncDispose]());

  const look = async (mxc: string, query: string) => {
    const { status, bytes, headers, errcode } = await thumbnail(alice, mxc, query);
    if (status !== 200) return { status, errcode };
    const { width, height, pageHeight, format, pages } = await sharp(bytes, { pages: -1 }).metadata();
    expect(headers.get('content-type')).to.equal(`image/${format}`);
    expect(headers.get('content-disposition')).to.equal(`inline; filename="thumbnail.${format}"`);
    expect(headers.get('content-length')).to.equal(String(bytes.length));
    return { status, size: [width, pageHeight ?? height], format, pages: pages ?? 1 };
  };

  it('have the size that was asked for, or the next larger one', async () => {
    const mxc = await upload(alice, await picture(1_000, 500).jpeg().toBuffer(), { type: 'image/jpeg' });
    const cases: readonly [query: string, size: readonly number[]][] = [
      ['width=32&height=32&method=crop', [32, 32]],
      ['width=96&height=96&method=crop', [96, 96]],
      ['width=100&height=50&method=crop', [160, 80]],
      ['width=320&height=240&method=scale', [320, 160]],
      ['width=640&height=480', [640, 320]],
      ['width=700&height=500&method=scale', [800, 400]],
      ['width=1000&height=1000&method=scale', [1_000, 500]],
      ['width=5000&height=5000&method=crop', [1_000, 500]],
    ];
    for (const [query, size] of cases) {
      expect(await look(mxc, query), query).to.deep.equal({ status: 200, size, format: 'jpeg', pages: 1 });
    }
  });

  it('are made once, by however many they are asked for', async () => {
    const mxc = await upload(alice, await picture(300, 300, '#123456').png().toBuffer());
    const query = 'width=96&height=96&method=crop';
    const answers = await Promise.all(Array.from({ length: 10 }, () => thumbnail(alice, mxc, query)));
    for (const { bytes } of [...answers, await thumbnail(alice, mxc, query)]) {
      expect(bytes.equals(answers[0]!.bytes)).to.equal(true);
    }
    const metrics = await network
      .server('a.test')
      .running.services.metrics.registry.getSingleMetricAsString('holm_media_pictures_total');
    const made = await network.server('a.test').rows<{ n: number }>(sql`
      SELECT count(*)::int AS n FROM media_thumbnails JOIN media USING (hash) WHERE media_id = ${mxc.slice(13)}`);
    expect(made).to.deep.equal([{ n: 1 }]);
    expect(metrics).to.match(/outcome="made"\} \d+/);
  });

  it('keep what shines through, and are upright', async () => {
    const clear = await sharp({ create: { width: 200, height: 200, channels: 4, background: '#ff000080' } })
      .png()
      .toBuffer();
    expect(await look(await upload(alice, clear), 'width=96&height=96')).to.deep.include({
      format: 'png',
      size: [96, 96],
    });
    const lying = await picture(400, 200).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await look(await upload(alice, lying), 'width=96&height=96')).to.deep.include({ size: [48, 96] });
  });

  it('tell nothing of where a picture was taken', async () => {
    const exif = { IFD0: { Make: 'Camera of somebody' }, IFD3: { GPSLatitude: '52/1 31/1 0/1' } };
    const photo = await picture(400, 400).withExif(exif).jpeg().toBuffer();
    expect(photo.includes('Camera of somebody')).to.equal(true);
    const { bytes } = await thumbnail(alice, await upload(alice, photo), 'width=96&height=96');
    expect((await sharp(bytes).metadata()).exif).to.equal(undefined);
  });

  it('move only for those who want them to', async () => {
    const mxc = await upload(alice, await animation(['red', 'green', 'blue']), { type: 'image/gif' });
    const moving = await look(mxc, 'width=96&height=96&animated=true');
    expect(moving).to.deep.equal({ status: 200, size: [96, 48], format: 'webp', pages: 3 });
    expect(await look(mxc, 'width=96&height=96&animated=false')).to.deep.include({ pages: 1, size: [96, 48] });
    expect(await look(mxc, 'width=96&height=96')).to.deep.include({ pages: 1 });
    // Small enough as it is, but not still.
    expect(await look(mxc, 'width=320&height=240')).to.deep.include({ pages: 1, size: [200, 100] });
    expect(await look(mxc, 'width=320&height=240&animated=true')).to.deep.include({ pages: 3, format: 'gif' });
    // Larger than any that is kept.
    for (const query of ['width=5000&height=5000', 'width=5000&height=5000&method=crop&animated=false']) {
      expect(await look(mxc, query)).to.deep.include({ pages: 1, size: [200, 100] });
    }
    expect(await look(mxc, 'width=5000&height=5000&animated=true')).to.deep.include({ pages: 3, format: 'gif' });
  });

  it('of formats that not everybody reads are of those that everybody does', async () => {
    const avif = await upload(alice, await picture(64, 64).avif().toBuffer(), { type: 'image/avif' });
    expect(await look(avif, 'width=96&height=96')).to.deep.include({ format: 'jpeg', size: [64, 64] });
    const webp = await upload(alice, await picture(640, 64).webp().toBuffer(), { type: 'image/webp' });
    expect(await look(webp, 'width=96&height=96')).to.deep.include({ format: 'jpeg', size: [96, 10] });
  });

  it('are known by their content, whatever they are called', async () => {
    const mxc = await upload(alice, await picture(20, 20).png().toBuffer(), { type: 'text/html' });
    expect((await thumbnail(alice, mxc, 'width=96&height=96')).headers.get('content-type')).to.equal('image/png');
    expect((await download(alice, mxc)).headers.get('content-type')).to.equal('text/html');
  });

  it('are not made of what is no picture, or a dangerous one, and the server goes on', async () => {
    const jpeg = await picture(500, 500).jpeg().toBuffer();
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>';
    const bad: readonly (readonly [what: string, content: Buffer | string])[] = [
      ['text', 'hello'],
      ['nothing', ''],
      ['svg', svg],
      ['svg that says it is a PNG', Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.from(svg)])],
      ['TIFF', await picture(50, 50).tiff().toBuffer()],
      ['half a JPEG', jpeg.subarray(0, jpeg.length / 2)],
      ['the start of a JPEG', jpeg.subarray(0, 20)],
      ['a JPEG of noise', Buffer.concat([jpeg.subarray(0, 4), Buffer.alloc(5_000, 7)])],
      ['the start of a GIF', Buffer.from('GIF89a')],
      ['a WebP of nothing', Buffer.from('RIFF\x00\x00\x00\x00WEBPVP8 ')],
    ];
    for (const [what, content] of bad) {
      const mxc = await upload(alice, content, { type: 'image/png' });
      expect([what, await look(mxc, 'width=96&height=96')]).to.deep.equal([
        what,
        { status: 400, errcode: 'M_UNKNOWN' },
      ]);
    }
    const good = await upload(alice, jpeg);
    expect(await look(good, 'width=96&height=96')).to.deep.include({ status: 200 });
    expect(network.server('a.test').errors).to.deep.equal([]);
  });

  it('are not made of pictures with more pixels than memory', async () => {
    const large = await upload(alice, bomb(), { type: 'image/png' });
    expect(await look(large, 'width=96&height=96')).to.deep.equal({ status: 413, errcode: 'M_TOO_LARGE' });
    const colours = Array.from({ length: 20 }, (_, index) => `rgb(${12 * index},0,${250 - 12 * index})`);
    const long = await upload(alice, await animation(colours, [600, 400]));
    expect(await look(long, 'width=96&height=96&animated=true')).to.deep.include({ status: 200, pages: 1 });
  });

  it('want to be asked for in a way that makes sense', async () => {
    const mxc = await upload(alice, await picture(200, 200).png().toBuffer());
    for (const query of [
      '',
      'width=1',
      'width=-1&height=5',
      'width=0&height=0',
      'width=a&height=1',
      'width=1.5&height=1',
    ]) {
      expect(await look(mxc, query), query).to.have.property('status', 400);
    }
    expect(await look(mxc, 'width=5&height=5&method=stretch')).to.have.property('status', 400);
    const old = `${alice.home.url}/_matrix/media/v3/thumbnail/${pathOfMxc(mxc)}?width=32&height=32`;
    expect((await getFile(old)).status).to.equal(404);
  });
});
