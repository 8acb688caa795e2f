import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Entropy } from '../../platform/entropy.ts';

const SECRET_BYTES = 32;

/**
 * The secret that call tokens are signed with, or a new one. It is kept only so that calls go on over a restart: with a
 * new one everybody asks for a new token.
 */
export const loadCallSecret = async (path: string, entropy: Entropy): Promise<Buffer> => {
  const kept = await readFile(path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (kept?.length === SECRET_BYTES) return kept;
  const made = entropy.bytes(SECRET_BYTES);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, made, { mode: 0o600 });
  return made;
};
