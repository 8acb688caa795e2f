import { sql } from '@holm/homeserver/storage/sql';
import { expect } from 'chai';
import { download, pathOfMxc, thumbnail, tryUpload, upload } from '../src/files.ts';
import { call } from '../src/http.ts';
import { TestNetwork } from '../src/network.ts';
import type { Person } from '../src/people.ts';
import { Administrator } from '../src/upkeep.ts';

describe('files, for administrators', () => {
  let network: TestNetwork;
  let admin: Administrator;
  let alice: Person;
  let bob: Person;
  let count = 0;

  before(async () => {
    network = await TestNetwork.with({
      names: ['a.test', 'b.test'],
      config: { media: { quota_bytes_per_user: 100_000 } },
    });
    admin = await Administrator.on(network, 'a.test');
  });
  beforeEach(async () => {
    [alice, bob] = [await network.person('alice', 'a.test'), await network.person('bob', 'b.test')];
  });
  after(() => network[Symbol.asyncDispose]());

  const send = (person: Person, content = `content ${count++}`) =>
    upload(person, content, { type: 'text/plain', name: 'n.txt' });
  const hold = (mxc: string, kind: string) => admin.ask('PUT', `/media/${pathOfMxc(mxc)}/hold`, { kind });
  const ofUser = (person: Person, rest = '') => `/users/${encodeURIComponent(person.userId)}/media${rest}`;
  const seen = async (mxc: string, by: Person = alice) => (await download(by, mxc)).status;

  it('are for nobody else', async () => {
    const mxc = await send(alice);
    const requests: readonly (readonly [method: string, path: string, body?: object])[] = [
      ['GET', ofUser(alice)],
      ['DELETE', ofUser(alice), {}],
      ['PUT', ofUser(alice, '/quarantine'), {}],
      ['GET', '/rooms/!x/media'],
      ['PUT', '/rooms/!x/media/quarantine', {}],
      ['GET', `/media/${pathOfMxc(mxc)}`],
      ['DELETE', `/media/${pathOfMxc(mxc)}`],
      ['PUT', `/media/${pathOfMxc(mxc)}/hold`, { kind: 'quarantined' }],
      ['DELETE', `/media/${pathOfMxc(mxc)}/hold`],
      ['POST', '/media/purge_remote', { unused_since_ts: 0 }],
    ];
    for (const [method, path, body] of requests) {
      const { status, body: said } = await call(method, `${alice.home.url}/_holm/admin/v1${path}`, {
        token: alice.token,
        body,
      });
      expect([method, path, status, said.errcode]).to.deep.equal([method, path, 403, 'M_FORBIDDEN']);
    }
    expect(await seen(mxc)).to.equal(200);
  });

  it('are listed by who sent them, in pages, with what they take', async () => {
    const sent: string[] = [];
    for (let index = 0; index < 5; index++) {
      sent.unshift(await send(alice));
      if (index % 2 === 0) network.clock.advance(10);
    }
    const listed: string[] = [];
    for (let next = ''; ;) {
      const page = await admin.ask('GET', ofUser(alice, `?limit=2${next && `&from=${encodeURIComponent(next)}`}`));
      expect([page.total_files, page.total_bytes]).to.deep.equal([5, 5 * 4_096]);
      listed.push(...page.files.map(({ content_uri: uri }: { content_uri: string }) => uri));
      if (page.next === undefined) break;
      next = page.next;
    }
    expect(listed).to.have.members(sent);
    // The last two were sent at the same time.
    expect(sent.slice(0, 2)).to.include(listed[0]);
    expect(listed.at(-1)).to.equal(sent.at(-1));
    const details = await admin.ask('GET', `/media/${pathOfMxc(sent[0]!)}`);
    expect(details).to.include({ content_type: 'text/plain', filename: 'n.txt', uploader: alice.userId, size: 9 });
  });

  it('in quarantine are shown to nobody, under no address, and come back when that is lifted', async () => {
    const content = `bad ${count++}`;
    const [mine, theirs] = [await send(alice, content), await send(bob, content)];
    expect(await seen(theirs)).to.equal(200); // now it is on this server, too
    const held = await hold(mine, 'quarantined');
    expect(held.hold).to.deep.include({ kind: 'quarantined', set_by: admin.person.userId });
    expect([await seen(mine), await seen(theirs)]).to.deep.equal([404, 404]);
    expect((await thumbnail(alice, mine, 'width=9&height=9')).status).to.equal(404);
    expect((await download(bob, mine)).status).to.equal(404);
    // It is known when it is sent again.
    expect(await seen(await send(alice, content))).to.equal(404);
    await admin.ask('DELETE', `/media/${pathOfMxc(mine)}`);
    await network.server('a.test').running.services.media.upkeep.run();
    expect(await seen(await send(alice, content))).to.equal(404);
    await admin.ask('DELETE', `/media/${pathOfMxc(theirs)}/hold`);
    expect(await seen(theirs)).to.equal(200);
    expect(await seen(mine)).to.equal(404);
  });

  it('of a user go, or go out of sight, but for those that are protected', async () => {
    const [one, kept, other] = [await send(alice), await send(alice), await send(alice)];
    await hold(kept, 'protected');
    expect(await admin.ask('PUT', ofUser(alice, '/quarantine'), {})).to.deep.equal({ quarantined: 2 });
    expect([await seen(one), await seen(kept), await seen(other)]).to.deep.equal([404, 200, 404]);
    expect(await admin.ask('DELETE', ofUser(alice), {})).to.deep.equal({ removed: 2 });
    expect(await seen(kept)).to.equal(200);
    expect((await admin.ask('GET', ofUser(alice))).files).to.have.length(1);
  });

  it('that are removed are gone from the disk, unless somebody else has sent the same, and count no more', async () => {
    const files = async () => {
      const [row] = await network.server('a.test').rows<{ n: number }>(sql`SELECT count(*)::int AS n FROM media_files`);
      return row!.n;
    };
    const large = 'x'.repeat(60_000) + String(count++);
    const before = await files();
    const mxc = await send(alice, large);
    const carol = await network.person('carol', 'a.test');
    const same = await send(carol, large);
    expect((await tryUpload(alice, `y${large}`)).status).to.equal(403);
    await admin.ask('DELETE', `/media/${pathOfMxc(mxc)}`);
    expect([await seen(mxc), await seen(same)]).to.deep.equal([404, 200]);
    expect((await tryUpload(alice, `y${large}`)).status).to.equal(200);
    await admin.ask('DELETE', `/media/${pathOfMxc(same)}`);
    await admin.ask('DELETE', ofUser(alice), { before_ts: network.clock.now() + 1 });
    expect(await files()).to.equal(before);
    expect((await admin.request('DELETE', `/media/${pathOfMxc(same)}`)).status).to.equal(404);
  });

  it('of a room are found in what was said there', async () => {
    const room = await alice.createRoom();
    const [picture, small, avatar, elsewhere] = [
      await send(alice),
      await send(alice),
      await send(alice),
      await send(alice),
    ];
    await alice.ask('PUT', `/profile/${alice.userId}/avatar_url`, { avatar_url: elsewhere });
    await alice.send(room, 'm.room.message', {
      msgtype: 'm.image',
      body: 'x',
      url: picture,
      info: { thumbnail_url: small },
    });
    await alice.send(room, 'm.room.message', { msgtype: 'm.text', body: 'mxc:// and mxc://../.. are no files' });
    await alice.setState(room, ['m.room.avatar', ''], { url: avatar });
    await network.settle();
    const { content_uris: found } = await admin.ask('GET', `/rooms/${encodeURIComponent(room)}/media`);
    expect(found).to.have.members([picture, small, avatar]);
    await hold(avatar, 'protected');
    const answer = await admin.ask('PUT', `/rooms/${encodeURIComponent(room)}/media/quarantine`, {});
    expect(answer).to.deep.equal({ quarantined: 2 });
    expect(await Promise.all([picture, small, avatar, elsewhere].map((mxc) => seen(mxc)))).to.deep.equal([
      404, 404, 200, 200,
    ]);
  });

  it('of other servers are removed when nobody has looked at them since a time', async () => {
    const mxc = await send(bob);
    expect(await seen(mxc)).to.equal(200);
    const purge = (ts: number) => admin.ask('POST', '/media/purge_remote', { unused_since_ts: ts });
    const known = async () => (await admin.request('GET', `/media/${pathOfMxc(mxc)}`)).status;
    await purge(network.clock.now());
    expect(await known()).to.equal(200);
    await hold(mxc, 'protected');
    await purge(network.clock.now() + 1);
    expect(await known()).to.equal(200);
    await admin.ask('DELETE', `/media/${pathOfMxc(mxc)}/hold`);
    expect((await purge(network.clock.now() + 1)).removed).to.be.greaterThan(0);
    expect(await known()).to.equal(404);
    expect(await seen(mxc)).to.equal(200);
  });
});
