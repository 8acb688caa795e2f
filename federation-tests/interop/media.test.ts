import { expect } from 'chai';
import sharp from 'sharp';
import { download, getFile, pathOfMxc, thumbnail, upload, uploadTo } from '../src/files.ts';
import { call } from '../src/http.ts';
import type { Person } from '../src/people.ts';
import { eventually, otherSide, type Side, SIDES } from './pair.ts';
import { thePair } from './setup.ts';

const TITLES: Readonly<Record<Side, string>> = { synapse: "Synapse's files to us", holm: 'our files to Synapse' };

for (const side of SIDES) {
  describe(`media: ${TITLES[side]}`, () => {
    let sender: Person;
    let reader: Person;
    beforeEach(async () => {
      [sender, reader] = [await thePair().person('sender', side), await thePair().person('reader', otherSide(side))];
    });

    it('come whole, with their types and names', async () => {
      const content = Buffer.from(Array.from({ length: 1_500_000 }, (_, index) => (index * 37) % 249));
      for (const [type, name] of [
        ['video/mp4', 'plain.mp4'],
        ['text/plain', 'Ä b "c".txt'],
        ['text/html', 'page.html'],
      ]) {
        const mxc = await upload(sender, content, { type: type!, name: name! });
        const { status, bytes, headers } = await download(reader, mxc);
        expect([name, status, bytes.equals(content)]).to.deep.equal([name, 200, true]);
        expect(headers.get('content-type')).to.contain(type);
        const disposition = headers.get('content-disposition')!;
        expect(decodeURIComponent(disposition), disposition).to.contain(name!.includes('"') ? 'Ä b ' : name);
        expect(disposition).to.match(type === 'text/html' ? /^attachment/ : /^inline/);
      }
    });

    it('that are empty or tiny come, too', async () => {
      // Synapse 1.163 announces an empty file and then sends no more than the first boundary.
      for (const content of [...(side === 'synapse' ? [] : ['']), 'x', '\r\n', '--', '\r\n--\r\n']) {
        const mxc = await upload(sender, content, { type: 'text/plain' });
        const { status, bytes } = await download(reader, mxc);
        expect([status, String(bytes)]).to.deep.equal([200, content]);
      }
    });

    it('can be seen small', async () => {
      const photo = await sharp({ create: { width: 1_000, height: 600, channels: 3, background: 'teal' } })
        .jpeg()
        .toBuffer();
      const mxc = await upload(sender, photo, { type: 'image/jpeg', name: 'photo.jpg' });
      for (const [method, width, height] of [
        ['crop', 96, 96],
        ['scale', 320, 240],
        ['scale', 800, 600],
      ]) {
        const { status, bytes } = await thumbnail(reader, mxc, `width=${width}&height=${height}&method=${method}`);
        expect(status).to.equal(200);
        const size = await sharp(bytes).metadata();
        expect(method === 'crop' ? [size.width, size.height] : [size.width]).to.deep.equal(
          method === 'crop' ? [width, height] : [width],
        );
      }
    });

    it('that are announced are waited for', async () => {
      const { body } = await call('POST', `${sender.home.url}/_matrix/media/v1/create`, { token: sender.token });
      const mxc = String(body.content_uri);
      const early = await download(reader, mxc, '?timeout_ms=100');
      // Synapse makes a failure of ours of it.
      const told = side === 'holm' ? [502, 'M_UNKNOWN'] : [504, 'M_NOT_YET_UPLOADED'];
      expect([early.status, early.errcode]).to.deep.equal(told);
      const waiting = eventually(async () => {
        expect(String((await download(reader, mxc, '?timeout_ms=6000')).bytes)).to.equal('here');
      });
      expect((await uploadTo(sender, mxc, 'here', { type: 'text/plain' })).status).to.equal(200);
      await waiting;
    });

    it('that are not there are not found', async () => {
      const { status, errcode } = await download(reader, `mxc://${sender.home.name}/nothingAtAll`);
      expect([status, errcode]).to.deep.equal([404, 'M_NOT_FOUND']);
    });

    it('are not to be had without a token', async () => {
      const mxc = await upload(sender, 'secret', { type: 'text/plain' });
      await download(reader, mxc);
      for (const { home } of [sender, reader]) {
        expect((await getFile(`${home.url}/_matrix/media/v3/download/${pathOfMxc(mxc)}`)).status).to.equal(404);
      }
    });
  });
}
