/** Pictures that are made small. What else decoders could read (SVG, PDF, TIFF, RAW) is left to nobody's care. */
export type PictureKind = 'image/jpeg' | 'image/png' | 'image/gif' | 'image/webp' | 'image/avif';

const startsWith = (bytes: Buffer, text: string, at = 0): boolean =>
  bytes.subarray(at, at + text.length).equals(Buffer.from(text, 'latin1'));

const SIGNS: readonly (readonly [PictureKind, (bytes: Buffer) => boolean])[] = [
  ['image/jpeg', (bytes) => startsWith(bytes, '\xff\xd8\xff')],
  ['image/png', (bytes) => startsWith(bytes, '\x89PNG\r\n\x1a\n')],
  ['image/gif', (bytes) => startsWith(bytes, 'GIF87a') || startsWith(bytes, 'GIF89a')],
  ['image/webp', (bytes) => startsWith(bytes, 'RIFF') && startsWith(bytes, 'WEBP', 8)],
  ['image/avif', (bytes) => startsWith(bytes, 'ftypavif', 4) || startsWith(bytes, 'ftypavis', 4)],
];

/** What the first bytes of a file say that it is, whatever its sender says. */
export const pictureKind = (head: Buffer): PictureKind | undefined => SIGNS.find(([, fits]) => fits(head))?.[0];

/** Types that a thumbnail may have, so that a small picture may stand for itself. */
export const isThumbnailType = (kind: PictureKind): boolean => kind !== 'image/avif';
