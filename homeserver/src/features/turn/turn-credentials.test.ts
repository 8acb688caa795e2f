import type { UserId } from '@holm/spec/ids';
import { expect } from 'chai';
import { turnCredentials } from './turn-credentials.ts';

const user = '@user:example.com' as UserId;
const settings = { uris: ['turn:turn.example.com?transport=udp'], shared_secret: 'north', ttl_seconds: 86_400 };

describe('credentials for a TURN server', () => {
  it('are the time until which they are good, and a proof of it', () => {
    // printf '%s' '1443779631:@user:example.com' | openssl dgst -sha1 -hmac north -binary | openssl base64
    expect(turnCredentials(settings, user, 1_443_693_231_999)).to.deep.equal({
      username: '1443779631:@user:example.com',
      password: 'lamN4QwbavBEEp/krb3yR5mgsEg=',
      uris: settings.uris,
      ttl: 86_400,
    });
  });

  it('are none where there is no server, or no secret', () => {
    expect(turnCredentials({ ...settings, uris: [] }, user, 0)).to.equal(undefined);
    expect(turnCredentials({ ...settings, shared_secret: undefined }, user, 0)).to.equal(undefined);
  });
});
