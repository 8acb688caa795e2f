/** The first and the last byte of a part, both in it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The part that a `Range` header asks for. `undefined`: send all, as for every header that is not understood, or that
 * asks for several parts; `unsatisfiable`: there is no such part. RFC 9110, section 14.
 */
export const byteRange = (header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined => {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  const [from, to] = [match?.[1], match?.[2]].map((digits) => (digits ? Number(digits) : undefined));
  if (from !== undefined) return between(from, to ?? size - 1, size);
  return to === undefined ? undefined : last(to, size);
};

const between = (start: number, end: number, size: number): ByteRange | 'unsatisfiable' | undefined => {
  if (start >= size) return 'unsatisfiable';
  return start > end ? undefined : { start, end: Math.min(end, size - 1) };
};

const last = (bytes: number, size: number): ByteRange | 'unsatisfiable' =>
  bytes === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - bytes), end: size - 1 };
