import type { PictureKind } from './kind.ts';
import type { Size, Variant } from './sizes.ts';

/** What the process that handles pictures is asked. Both sides see the same files. */
export interface PictureJob {
  readonly source: string;
  readonly kind: PictureKind;
  /** Pixels of all frames together that are decoded at most. */
  readonly maxPixels: number;
  /** What to make of it, and where to; without it, only its size is wanted. */
  readonly make?: { readonly variant: Variant; readonly target: string };
}

export interface MadePicture extends Size {
  /** SHA-256 in hexadecimal digits. */
  readonly hash: string;
  readonly bytes: number;
  readonly contentType: string;
}

/** What became of it. */
export type PictureAnswer =
  | { readonly outcome: 'made'; readonly picture: MadePicture }
  /** It needs no other size. */
  | { readonly outcome: 'as it is'; readonly size: Size }
  | { readonly outcome: 'too large' }
  | { readonly outcome: 'no picture'; readonly why: string }
  /** Pictures cannot be handled on this machine. */
  | { readonly outcome: 'unavailable'; readonly why: string };
