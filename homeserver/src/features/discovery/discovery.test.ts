import type { DeviceId, UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { createTestApp, serve } from '../../testing/http.ts';
import { type DiscoveryDeps, discoveryRoutes } from './discovery.routes.ts';
import { defaultBaseUrl } from './well-known.ts';

const deps: DiscoveryDeps = {
  publicBaseUrl: () => 'https://matrix.test',
  wellKnown: { client: {}, support: {} },
  program: { name: 'Holm', version: '1.2.3' },
  roomVersions: { default: '12', available: { 11: 'stable', 12: 'stable' } },
};
const caller = { userId: '@a:test' as UserId, deviceId: 'A' as DeviceId, tokenId: 1 };
const authenticate = { user: () => Promise.resolve(caller), server: () => Promise.reject(new Error('not used')) };

const get = async (path: string, more: Partial<DiscoveryDeps> = {}) => {
  const routes = discoveryRoutes({ ...deps, ...more });
  await using server = await serve(createTestApp(routes, { authenticate }).handler());
  const response = await fetch(`${server.origin}${path}`, { headers: { authorization: 'Bearer t' } });
  const { status, headers } = response;
  return { status, headers, body: (await response.json()) as Record<string, unknown> };
};

describe('discovery', () => {
  it('lists versions that every known client looks for', async () => {
    const { versions } = (await get('/_matrix/client/versions')).body as { versions: string[] };
    expect(versions).to.include.members(['r0.6.1', 'v1.1', 'v1.13']);
  });

  it('names features of later releases for clients that ask before they use them', async () => {
    const { unstable_features: features } = (await get('/_matrix/client/versions')).body;
    for (const name of ['org.matrix.msc3266', 'com.beeper.msc4169', 'uk.half-shot.msc2666.query_mutual_rooms']) {
      expect(features).to.have.property(name, true);
    }
  });

  it('tells capabilities, and those that features contribute', async () => {
    const { body } = await get('/_matrix/client/v3/capabilities', {
      capabilities: { 'org.example': { enabled: true } },
    });
    expect(body['capabilities']).to.deep.include({
      'm.room_versions': { default: '12', available: { 11: 'stable', 12: 'stable' } },
      'org.example': { enabled: true },
    });
  });

  it('serves the well-known documents that are configured', async () => {
    expect((await get('/.well-known/matrix/client')).body).to.eql({
      'm.homeserver': { base_url: 'https://matrix.test' },
    });
    for (const name of ['server', 'support']) {
      const { status, body } = await get(`/.well-known/matrix/${name}`);
      expect([status, body['errcode']]).to.eql([404, 'M_NOT_FOUND']);
    }
    const wellKnown = {
      server: 'a.test:443',
      client: { 'org.x': 1 },
      support: { admin_user: '@a:test', page: 'https://h' },
    };
    expect((await get('/.well-known/matrix/server', { wellKnown })).body).to.eql({ 'm.server': 'a.test:443' });
    expect((await get('/.well-known/matrix/client', { wellKnown })).body).to.include({ 'org.x': 1 });
    expect((await get('/.well-known/matrix/support', { wellKnown })).body).to.eql({
      contacts: [{ role: 'm.role.admin', matrix_id: '@a:test' }],
      support_page: 'https://h',
    });
  });

  const documents: readonly (readonly [string, Partial<DiscoveryDeps>, Record<string, unknown>])[] = [
    ['server', { wellKnown: { ...deps.wellKnown, server: 'a.test:443' } }, { 'm.server': 'a.test:443' }],
    ['client', {}, { 'm.homeserver': { base_url: 'https://matrix.test' } }],
    [
      'support',
      { wellKnown: { ...deps.wellKnown, support: { admin_email: 'a@a.test' } } },
      { contacts: [{ role: 'm.role.admin', email_address: 'a@a.test' }] },
    ],
    ['policy_server', { policyServerKey: 'a2V5' }, { public_keys: { ed25519: 'a2V5' } }],
  ];
  for (const [name, more, expected] of documents) {
    it(`serves /.well-known/matrix/${name} as JSON, to pages of other sites too, and 404 where it is not configured`, async () => {
      const path = `/.well-known/matrix/${name}`;
      const { status, headers, body } = await get(path, more);
      expect([status, body]).to.eql([200, expected]);
      expect(headers.get('content-type')).to.match(/^application\/json/);
      expect(headers.get('access-control-allow-origin')).to.equal('*');
      if (name === 'client') return; // there always is one: it says where clients find us
      const absent = await get(path);
      expect([absent.status, absent.body['errcode']]).to.eql([404, 'M_NOT_FOUND']);
      expect(absent.headers.get('access-control-allow-origin')).to.equal('*');
    });
  }

  it('does not let the configuration move the server that clients are led to', async () => {
    const wellKnown = { ...deps.wellKnown, client: { 'm.homeserver': { base_url: 'https://evil.test' }, 'org.x': 1 } };
    expect((await get('/.well-known/matrix/client', { wellKnown })).body).to.eql({
      'm.homeserver': { base_url: 'https://matrix.test' },
      'org.x': 1,
    });
  });

  it('names the program to other servers', async () => {
    expect((await get('/_matrix/federation/v1/version')).body).to.eql({ server: { name: 'Holm', version: '1.2.3' } });
  });

  it('guesses where clients reach it', () => {
    expect(defaultBaseUrl('localhost', ['http://127.0.0.1:8008'])).to.equal('http://localhost:8008');
    expect(defaultBaseUrl('localhost', ['http://[::]:8008'])).to.equal('http://localhost:8008');
    expect(defaultBaseUrl('example.org', ['http://127.0.0.1:8008'])).to.equal('https://example.org');
  });
});
