import { createHmac, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What one end of a connection is asked by. */
export interface IceCredentials {
  readonly usernameFragment: string;
  readonly password: string;
}

const BINDING_REQUEST = 0x0001;
const MAGIC = 0x2112a442;
const HEADER_BYTES = 20;
const INTEGRITY_BYTES = 24;
const FINGERPRINT_BYTES = 8;
const FINGERPRINT_MASK = 0x5354554e;
const ATTRIBUTES = {
  username: 0x0006,
  integrity: 0x0008,
  priority: 0x0024,
  useCandidate: 0x0025,
  fingerprint: 0x8028,
  controlling: 0x802a,
};

/** The check of a connection that a controlling client sends (RFC 8445 section 7.1), by which an ICE-lite end learns where it is. */
export const bindingRequest = ({ usernameFragment, password }: IceCredentials): Buffer => {
  const attributes = [
    attribute(ATTRIBUTES.username, Buffer.from(`${usernameFragment}:peer`)),
    attribute(ATTRIBUTES.priority, Buffer.from([0x6e, 0x7f, 0x1e, 0xff])),
    attribute(ATTRIBUTES.controlling, randomBytes(8)),
    attribute(ATTRIBUTES.useCandidate, Buffer.alloc(0)),
  ];
  const message = Buffer.concat([header(), ...attributes]);
  const toSign = withLength(message, INTEGRITY_BYTES);
  const integrity = createHmac('sha1', password).update(toSign).digest();
  const signed = Buffer.concat([message, attribute(ATTRIBUTES.integrity, integrity)]);
  const toSum = withLength(signed, FINGERPRINT_BYTES);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE((crc32(toSum) ^ FINGERPRINT_MASK) >>> 0);
  return withLength(Buffer.concat([signed, attribute(ATTRIBUTES.fingerprint, sum)]), 0);
};

/** Of all that comes on such a connection, STUN alone begins with these (RFC 7983). */
export const isStun = (packet: Buffer): boolean => packet.readUInt8(0) < 4;

/** Of all that comes, RTP and RTCP begin with these; RTCP has types that no payload has (RFC 5761). */
export const isRtp = (packet: Buffer): boolean => {
  const [first = 0, second = 0] = packet;
  return first >= 128 && first < 192 && !((second & 0x7f) >= 64 && (second & 0x7f) < 96);
};

const header = (): Buffer => {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt16BE(BINDING_REQUEST, 0);
  bytes.writeUInt32BE(MAGIC, 4);
  randomBytes(12).copy(bytes, 8);
  return bytes;
};

const attribute = (type: number, value: Buffer): Buffer => {
  const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(value.length, 2);
  value.copy(bytes, 4);
  return bytes;
};

/** Says in its header how long the message will be with so many bytes more. */
const withLength = (message: Buffer, more: number): Buffer => {
  message.writeUInt16BE(message.length - HEADER_BYTES + more, 2);
  return message;
};
