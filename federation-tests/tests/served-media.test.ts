import { ManualClock } from '@holm/homeserver/testing/manual-clock';
import { expect } from 'chai';
import sharp from 'sharp';
import { pathOfMxc, upload } from '../src/files.ts';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import { Rogue } from '../src/rogue.ts';

const NEW = '/_matrix/federation/v1/media/download/';

describe('files that other servers ask for', () => {
  it('are given only to those who sign, as two parts, and those of others to nobody', async () => {
    const rogue = await Rogue.start('rogue.test', new ManualClock());
    await using network = await TestNetwork.with({ names: ['a.test'], strangers: { 'rogue.test': rogue.url } });
    const alice = await network.person('alice', 'a.test');
    const server = network.server('a.test');
    const id = pathOfMxc(await upload(alice, 'content', { type: 'text/html', name: 'page' })).split('/')[1]!;
    const answer = await rogue.send(server, 'GET', `${NEW}${id}`);
    expect(answer.status).to.equal(200);
    const boundary = /^multipart\/mixed; boundary=([A-Za-z0-9_-]{40})$/.exec(answer.headers.get('content-type')!)![1]!;
    expect(answer.body).to.equal(
      [
        '', `--${boundary}`, 'Content-Type: application/json', '', '{}', `--${boundary}`, 'Content-Type: text/html',
        'Content-Disposition: attachment; filename="page"', '', 'content', `--${boundary}--`, '',
      ].join('\r\n'), // prettier-ignore
    );
    expect(answer.headers.get('content-length')).to.equal(String(answer.body.length));
    expect((await call('GET', `${server.url}${NEW}${id}`)).status).to.equal(401);
    const unknown = await rogue.send(server, 'GET', `${NEW}nothing`);
    expect([unknown.status, unknown.body.errcode]).to.deep.equal([404, 'M_NOT_FOUND']);
    const small = '/_matrix/federation/v1/media/thumbnail/';
    expect((await rogue.send(server, 'GET', `${small}${id}?width=9&height=9`)).status).to.equal(400);
    const picture = await sharp({ create: { width: 99, height: 99, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const pictureId = pathOfMxc(await upload(alice, picture)).split('/')[1]!;
    const shown = await rogue.send(server, 'GET', `${small}${pictureId}?width=32&height=32&method=crop`);
    expect(String(shown.body)).to.contain(
      'Content-Type: image/jpeg\r\nContent-Disposition: inline; filename="thumbnail.jpeg"',
    );
    await rogue[Symbol.asyncDispose]();
  });
});
