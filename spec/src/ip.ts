const V4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

/** A dotted-quad IPv4 literal. Written here because `spec/` must run in browsers too. */
export const isIPv4 = (raw: string): boolean => V4.test(raw);

/** An IPv6 literal without brackets or zone. */
export const isIPv6 = (raw: string): boolean => {
  const halves = raw.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1);
  const isMixed = last !== undefined && isIPv4(last);
  const hex = isMixed ? groups.slice(0, -1) : groups;
  if (!hex.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return false;
  const size = hex.length + (isMixed ? 2 : 0);
  return halves.length === 2 ? size < 8 : size === 8;
};
