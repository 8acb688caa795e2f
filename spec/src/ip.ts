const V4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

/** A dotted-quad IPv4 literal. Written here because `spec/` must run in browsers too. */
export const isIPv4 = (raw: string): boolean => V4.test(raw);

/** An IPv6 literal without brackets or zone. */
export const isIPv6 = (raw: string): boolean => {
  const halves = raw.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const tail = groups.at(-1);
  const v4Tail = tail?.includes('.') ?? false;
  if (v4Tail && !isIPv4(tail ?? '')) return false;
  const hex = v4Tail ? groups.slice(0, -1) : groups;
  const size = hex.length + (v4Tail ? 2 : 0);
  return hex.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group)) && (halves.length === 2 ? size < 8 : size === 8);
};
