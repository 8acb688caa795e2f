import { expect } from 'chai';
import { seededEntropy } from '../../testing/seeded-entropy.ts';
import { decoyHash, hashPassword, isStale, SALT_BYTES, verifyPassword } from './password-hash.ts';

const COST = 4;
const entropy = seededEntropy('passwords');
const salt = entropy.bytes(SALT_BYTES);

describe('password hashes', () => {
  it('accept the password and nothing else', async () => {
    const hash = await hashPassword('correct horse', COST, salt);
    expect(hash).to.match(/^\$scrypt\$ln=4,r=8,p=1\$/);
    expect(await verifyPassword('correct horse', hash)).to.equal(true);
    expect(await verifyPassword('correct horsf', hash)).to.equal(false);
    expect(await verifyPassword('', hash)).to.equal(false);
  });

  it('agree with scrypt of RFC 7914', async () => {
    // Section 12, third vector: N=16384, r=8, p=1, of which the first 32 bytes.
    const known = Buffer.from('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2', 'hex');
    const hash = await hashPassword('pleaseletmein', 14, Buffer.from('SodiumChloride'));
    // The RFC's vector has p=1 and r=8 as ours; PBKDF2's first 32 bytes do not depend on the length asked for.
    expect(Buffer.from(hash.split('$')[4] ?? '', 'base64').toString('hex')).to.equal(known.toString('hex'));
  });

  it('see one password in both compositions of a letter', async () => {
    const hash = await hashPassword('caf\u00e9 society', COST, salt);
    expect(await verifyPassword('cafe\u0301 society', hash)).to.equal(true);
  });

  it('differ for the same password under another salt', async () => {
    const other = entropy.bytes(SALT_BYTES);
    expect(await hashPassword('twice', COST, salt)).to.not.equal(await hashPassword('twice', COST, other));
  });

  it('have a decoy that no password opens', async () => {
    expect(await verifyPassword('anything', decoyHash(COST, entropy.bytes(48)))).to.equal(false);
  });

  it('say when they were made at another cost', async () => {
    const hash = await hashPassword('x', COST, salt);
    expect([isStale(hash, COST), isStale(hash, COST + 1)]).to.eql([false, true]);
  });
});
