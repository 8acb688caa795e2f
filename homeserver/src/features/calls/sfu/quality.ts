/** 0 is the smallest. */
export type Quality = 0 | 1 | 2;

export interface LayerSize {
  readonly quality: Quality;
  readonly width: number;
  readonly height: number;
  readonly bitrate: number;
}

/** What somebody wants to see of a video. Without a size or quality: the best there is. */
export interface Wish {
  readonly isEnabled: boolean;
  readonly quality?: Quality;
  /** The place on the screen, in pixels. */
  readonly size?: { readonly width: number; readonly height: number };
  readonly framesPerSecond?: number;
}

export const EVERYTHING: Wish = { isEnabled: true };

/** A layer may be that much smaller than its place on the screen. */
const TOLERANCE = 0.95;
/** Each temporal layer halves the rate; cameras are taken to run at this one. */
const FULL_RATE = 30;
export const TOP_TEMPORAL_LAYER = 2;

/** The layer to send, as its place in `layers`, which are sorted by quality. */
export const spatialLayerFor = ({ quality, size }: Wish, layers: readonly LayerSize[]): number => {
  const top = Math.max(0, layers.length - 1);
  if (size) {
    const enough = layers.findIndex((layer) => fills(layer, size));
    return enough === -1 ? top : enough;
  }
  if (quality === undefined || layers.length === 0) return quality ?? top;
  return Math.max(
    0,
    layers.findLastIndex((layer) => layer.quality <= quality),
  );
};

/** The shorter side decides, because places on the screen cut the longer one off. */
const fills = (layer: LayerSize, size: NonNullable<Wish['size']>): boolean =>
  layer.width < layer.height ? layer.width >= size.width * TOLERANCE : layer.height >= size.height * TOLERANCE;

export const temporalLayerFor = ({ framesPerSecond }: Wish): number => {
  if (framesPerSecond === undefined) return TOP_TEMPORAL_LAYER;
  for (let layer = 0; layer < TOP_TEMPORAL_LAYER; layer++) {
    if (FULL_RATE / 2 ** (TOP_TEMPORAL_LAYER - layer) >= framesPerSecond * TOLERANCE) return layer;
  }
  return TOP_TEMPORAL_LAYER;
};

/** The highest layer that anybody wants, or -1 where nobody wants any: what is above it need not be sent to us. */
export const highestWanted = (wishes: Iterable<Wish>, layers: readonly LayerSize[]): number => {
  let highest = -1;
  for (const wish of wishes) if (wish.isEnabled) highest = Math.max(highest, spatialLayerFor(wish, layers));
  return highest;
};
