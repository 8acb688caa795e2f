import type { FileHandle } from 'node:fs/promises';

const SIGNATURE_BYTES = 8;
const HEADER_BYTES = 8;
const CHECKSUM_BYTES = 4;
const MAX_CHUNKS = 1_000;

/** Whether a PNG moves: then a chunk `acTL` comes before the first `IDAT`. Decoders know nothing of it. */
export const isAnimatedPng = async (file: FileHandle): Promise<boolean> => {
  const header = Buffer.alloc(HEADER_BYTES);
  let at = SIGNATURE_BYTES;
  for (let count = 0; count < MAX_CHUNKS; count++) {
    const { bytesRead } = await file.read(header, 0, HEADER_BYTES, at);
    const type = header.toString('latin1', 4);
    if (bytesRead < HEADER_BYTES || type === 'IDAT') return false;
    if (type === 'acTL') return true;
    at += HEADER_BYTES + header.readUInt32BE() + CHECKSUM_BYTES;
  }
  return false;
};
