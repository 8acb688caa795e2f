/** https://spec.matrix.org/latest/client-server-api/#thumbnails */

export type Method = 'crop' | 'scale';

/** One of the few sizes in which a picture is kept. */
export interface Variant {
  readonly method: Method;
  readonly width: number;
  readonly height: number;
  readonly animated: boolean;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The sizes that the specification names, and larger ones for large screens. */
const BOXES: readonly Size[] = [
  { width: 32, height: 32 },
  { width: 96, height: 96 },
  { width: 320, height: 240 },
  { width: 640, height: 480 },
  { width: 800, height: 600 },
  { width: 1_600, height: 1_200 },
];
const LONGER_SIDES = [32, 96, 160, 320, 480, 640, 800, 1_200, 1_600];
/** No picture that can be read is larger: all of it. */
const WHOLE = { method: 'scale', width: 65_535, height: 65_535 } as const;

export interface Wish extends Size {
  readonly method?: Method | undefined;
  readonly animated?: boolean | undefined;
}

/**
 * The next larger size that is kept: clients ask for all sizes there are, and each of them would be made and stored.
 * For those beyond, only the whole picture is large enough.
 */
export const variantOf = ({ width, height, method = 'scale', animated = false }: Wish): Variant => {
  const size = method === 'scale' ? boxFor(width, height) : cropFor(width, height);
  return size ? { method, animated, ...size } : { ...WHOLE, animated };
};

const boxFor = (width: number, height: number): Size | undefined =>
  BOXES.find((box) => box.width >= width && box.height >= height);

/** A crop keeps the proportions that it was asked for in. */
const cropFor = (width: number, height: number): Size | undefined => {
  const longer = Math.max(width, height);
  const side = LONGER_SIDES.find((length) => length >= longer);
  if (side === undefined) return undefined;
  return { width: Math.ceil((width * side) / longer), height: Math.ceil((height * side) / longer) };
};

export const variantKey = ({ method, width, height, animated }: Variant): string =>
  `${width}x${height} ${method}${animated ? ' animated' : ''}`;

/** How large a picture becomes. Never larger than it is: `undefined` where it is small enough as it is. */
export const sizeIn = (variant: Variant, source: Size): Size | undefined => {
  if (source.width <= variant.width && source.height <= variant.height) return undefined;
  return variant.method === 'scale' ? within(variant, source) : cutFrom(variant, source);
};

const within = (box: Size, source: Size): Size => {
  const factor = Math.min(box.width / source.width, box.height / source.height);
  return rounded(source.width * factor, source.height * factor);
};

/** As large as wanted, or the largest part of these proportions. */
const cutFrom = (wanted: Size, source: Size): Size => {
  const factor = Math.min(1, source.width / wanted.width, source.height / wanted.height);
  return rounded(wanted.width * factor, wanted.height * factor);
};

const rounded = (width: number, height: number): Size => ({
  width: Math.max(1, Math.round(width)),
  height: Math.max(1, Math.round(height)),
});
