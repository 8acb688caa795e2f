import { scrypt as scryptWithCallback, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** https://github.com/P-H-C/phc-string-format: what a hash was made with travels with it. */
interface PasswordHash {
  /** Base-2 logarithm of scrypt's cost; memory is 2^(cost + 10) bytes. */
  readonly cost: number;
  readonly salt: Buffer;
  readonly key: Buffer;
}

const BLOCK_SIZE = 8;
const KEY_BYTES = 32;
export const SALT_BYTES = 16;
const FORMAT = /^\$scrypt\$ln=(\d{1,2}),r=8,p=1\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

const scrypt = promisify<string, Buffer, number, object, Buffer>(scryptWithCallback);

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

const format = ({ cost, salt, key }: PasswordHash): string =>
  `$scrypt$ln=${cost},r=8,p=1$${unpadded(salt)}$${unpadded(key)}`;

const parse = (raw: string): PasswordHash => {
  const [, cost, salt, key] = FORMAT.exec(raw) ?? [];
  if (cost === undefined || salt === undefined || key === undefined)
    throw new Error('a stored password hash is broken');
  return { cost: Number(cost), salt: Buffer.from(salt, 'base64'), key: Buffer.from(key, 'base64') };
};

/** Runs on the thread pool. The same password typed on another keyboard may be composed otherwise, hence NFKC. */
const derive = (password: string, salt: Buffer, cost: number): Promise<Buffer> =>
  scrypt(password.normalize('NFKC'), salt, KEY_BYTES, {
    N: 2 ** cost,
    r: BLOCK_SIZE,
    p: 1,
    maxmem: 2 ** (cost + 11),
  });

export const hashPassword = async (password: string, cost: number, salt: Buffer): Promise<string> =>
  format({ cost, salt, key: await derive(password, salt, cost) });

export const verifyPassword = async (password: string, stored: string): Promise<boolean> => {
  const { cost, salt, key } = parse(stored);
  return timingSafeEqual(await derive(password, salt, cost), key);
};

/** A hash that no password has, for accounts that do not exist: refusing them must take as long. */
export const decoyHash = (cost: number, random: Buffer): string =>
  format({ cost, salt: random.subarray(0, SALT_BYTES), key: random.subarray(SALT_BYTES, SALT_BYTES + KEY_BYTES) });

export const isStale = (stored: string, cost: number): boolean => parse(stored).cost !== cost;
