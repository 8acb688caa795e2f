import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { isAnimatedPng } from './apng.ts';
import type { PictureAnswer, PictureJob } from './jobs.ts';
import { isThumbnailType, type PictureKind } from './kind.ts';
import { type Size, sizeIn, type Variant } from './sizes.ts';

// libvips reads dozens of formats, some by way of large libraries with a history. Only those that are wanted are left.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpegFile',
    'VipsForeignLoadPngFile',
    'VipsForeignLoadNsgifFile',
    'VipsForeignLoadWebpFile',
    'VipsForeignLoadHeifFile',
  ],
});
// One picture at a time in each process, and each only once.
sharp.concurrency(1);
sharp.cache(false);

const JPEG_QUALITY = 80;
const WEBP_QUALITY = 75;

/** Does what is asked, in the process whose only work this is. */
export const draw = async (job: PictureJob): Promise<PictureAnswer> => {
  try {
    return await answerTo(job);
  } catch (error) {
    return { outcome: 'no picture', why: (error as Error).message };
  }
};

const answerTo = async ({ source, kind, maxPixels, make }: PictureJob): Promise<PictureAnswer> => {
  // Reads the header alone, so no limit is needed yet.
  const metadata = await sharp(source, { limitInputPixels: false }).metadata();
  const size = sizeOf(metadata);
  const isMoving = await moves(metadata, { source, kind });
  if (!make) return { outcome: 'as it is', size };
  const wanted = sizeIn(make.variant, size);
  const mayStay = isThumbnailType(kind) && (make.variant.animated || !isMoving);
  if (!wanted && mayStay) return { outcome: 'as it is', size };
  if (size.width * size.height > maxPixels) return { outcome: 'too large' };
  const frames = framesOf(metadata, make.variant, Math.floor(maxPixels / (size.width * size.height)));
  const image = sharp(source, { limitInputPixels: maxPixels, sequentialRead: true, pages: frames }).autoOrient();
  return write(encoded(resized(image, make.variant, wanted ?? size), { metadata, frames }), make.target);
};

/** As it is shown, upright. */
const sizeOf = ({ autoOrient, pageHeight, height }: Metadata): Size => {
  const { width, height: upright } = autoOrient;
  // Frames of an animation lie one below the other.
  return { width, height: pageHeight === undefined || pageHeight === height ? upright : pageHeight };
};

const moves = async (
  { pages = 1 }: Metadata,
  { source, kind }: Pick<PictureJob, 'source' | 'kind'>,
): Promise<boolean> => {
  if (kind !== 'image/png') return pages > 1;
  const file = await open(source);
  return isAnimatedPng(file).finally(() => file.close());
};

/** How many frames are taken over: all or one, for half of an animation is none. */
const framesOf = ({ pages = 1 }: Metadata, { animated }: Variant, atMost: number): number =>
  animated && pages > 1 && pages <= atMost ? pages : 1;

const resized = (image: Sharp, { method }: Variant, size: Size): Sharp =>
  image.resize({ ...size, fit: method === 'crop' ? 'cover' : 'fill' });

/** JPEG where nothing is lost by it: everybody reads it. */
const encoded = (image: Sharp, { metadata, frames }: { metadata: Metadata; frames: number }): Encoded => {
  if (frames > 1) return { image: image.webp({ quality: WEBP_QUALITY, effort: 2 }), contentType: 'image/webp' };
  if (metadata.hasAlpha) return { image: image.png({ compressionLevel: 6 }), contentType: 'image/png' };
  return { image: image.jpeg({ quality: JPEG_QUALITY, progressive: true }), contentType: 'image/jpeg' };
};

interface Encoded {
  readonly image: Sharp;
  readonly contentType: PictureKind;
}

const write = async ({ image, contentType }: Encoded, target: string): Promise<PictureAnswer> => {
  const { data, info } = await image.toBuffer({ resolveWithObject: true });
  const file = await open(target, 'wx', 0o600);
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
  const hash = createHash('sha256').update(data).digest('hex');
  const height = info.pageHeight ?? info.height;
  return { outcome: 'made', picture: { hash, bytes: data.length, contentType, width: info.width, height } };
};
