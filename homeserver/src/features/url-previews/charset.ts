import { TextDecoder } from 'node:util';

const HEAD_BYTES = 2_048;

/** How a page is written: as its header says, else as it says itself, else as nearly all are. */
export const decoderFor = (contentType: string, start: Uint8Array): TextDecoder => {
  const head = Buffer.from(start.subarray(0, HEAD_BYTES)).toString('latin1');
  const named = [/charset=["']?([\w-]+)/i.exec(contentType)?.[1], /<meta[^>]+charset=["']?([\w-]+)/i.exec(head)?.[1]];
  for (const name of named) {
    const decoder = name === undefined ? undefined : decoderOf(name);
    if (decoder) return decoder;
  }
  return new TextDecoder();
};

const decoderOf = (name: string): TextDecoder | undefined => {
  try {
    return new TextDecoder(name);
  } catch {
    return undefined; // nobody knows it
  }
};
