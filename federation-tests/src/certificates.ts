import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateWish {
  /** Host names and IPv4 addresses. */
  readonly names: readonly string[];
  readonly from?: Date;
  readonly until?: Date;
}

const DAY_MS = 24 * 3_600_000;

/** One value of ASN.1 in DER: tag, length, content. */
const value = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const long = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...(length < 0x80 ? [length] : long)]), content]);
};
const sequence = (...parts: readonly Buffer[]) => value(0x30, ...parts);
const hex = (tag: number, content: string) => value(tag, Buffer.from(content, 'hex'));
const text = (tag: number, content: string) => value(tag, Buffer.from(content));
const time = (date: Date) => text(0x18, date.toISOString().replace(/[-:T]|\.\d+/g, ''));
const commonName = (name: string) => sequence(value(0x31, sequence(hex(0x06, '550403'), text(0x0c, name))));

const ECDSA_WITH_SHA256 = sequence(hex(0x06, '2a8648ce3d040302'));
const SUBJECT_ALT_NAME = '551d11';
const BASIC_CONSTRAINTS = '551d13';
const extension = (id: string, content: Buffer) => sequence(hex(0x06, id), value(0x04, content));

const alternative = (name: string) =>
  isIPv4(name) ? value(0x87, Buffer.from(name.split('.').map(Number))) : text(0x82, name);

const pem = (der: Buffer): string => {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
};

interface Issuer {
  readonly name: string;
  readonly key: KeyObject;
}

let serial = 0;

interface Subject extends Omit<CertificateWish, 'names'> {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly extension: Buffer;
}

const certify = (issuer: Issuer, { name, publicKey, extension: more, ...wish }: Subject): string => {
  const { from = new Date(Date.now() - DAY_MS), until = new Date(Date.now() + DAY_MS) } = wish;
  const number = value(0x02, Buffer.from([1, ++serial & 0x7f]));
  const body = sequence(
    value(0xa0, hex(0x02, '02')), // version 3
    number,
    ECDSA_WITH_SHA256,
    commonName(issuer.name),
    sequence(time(from), time(until)),
    commonName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    value(0xa3, sequence(more)),
  );
  const signature = sign('sha256', body, issuer.key);
  return pem(sequence(body, ECDSA_WITH_SHA256, value(0x03, Buffer.from([0]), signature)));
};

/** A certificate authority of one test: nobody else believes it. */
export class Authority {
  /** In PEM, for those who are to believe it. */
  readonly cert: string;
  readonly #issuer: Issuer;

  constructor(name: string) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#issuer = { name, key: privateKey };
    const isAuthority = extension(BASIC_CONSTRAINTS, sequence(hex(0x01, 'ff')));
    this.cert = certify(this.#issuer, { name, publicKey, extension: isAuthority });
  }

  issue({ names, ...wish }: CertificateWish): Certificate {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const of = extension(SUBJECT_ALT_NAME, sequence(...names.map(alternative)));
    return {
      cert: certify(this.#issuer, { ...wish, name: names[0] ?? 'nobody', publicKey, extension: of }),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    };
  }
}
