/** `Content-Disposition` (RFC 6266) with names as RFC 8187 writes them. */

/** What a header can say in quotes as it is. */
const PLAIN = /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/;

export const printDisposition = (kind: 'inline' | 'attachment', filename: string | undefined): string => {
  if (filename === undefined || filename === '') return kind;
  if (PLAIN.test(filename)) return `${kind}; filename="${filename}"`;
  return `${kind}; filename*=utf-8''${encoded(filename.toWellFormed())}`;
};

const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const MAX_HEADER = 4_000;
const MAX_NAME = 1_000;
// A parameter: a quoted text with backslash escapes, or anything up to the next semicolon.
const PARAMETER = /;\s*([A-Za-z-]+\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))/g;

/** The file's name in a header of another server; `undefined` where there is none that can be used. */
export const filenameOf = (header: string | undefined): string | undefined => {
  if (header === undefined || header.length > MAX_HEADER) return undefined;
  const parameters = parametersOf(header);
  const name = decoded(parameters.get('filename*')) ?? fromHeader(parameters.get('filename')) ?? '';
  return name === '' || name.length > MAX_NAME || name.includes('\0') ? undefined : name;
};

/** By their names in lower case; the first of each counts. */
const parametersOf = (header: string): ReadonlyMap<string, string> => {
  const found = [...header.matchAll(PARAMETER)].map(([, name = '', quoted, plain = '']) => {
    const value = quoted === undefined ? plain.trim() : quoted.replaceAll(/\\(.)/g, '$1');
    return [name.toLowerCase(), value] as const;
  });
  return new Map(found.reverse());
};

const decoded = (raw: string | undefined): string | undefined => {
  const percent = /^utf-8'[^']*'(.*)$/i.exec(raw ?? '')?.[1];
  if (percent === undefined) return undefined;
  try {
    return decodeURIComponent(percent);
  } catch {
    return undefined;
  }
};

/** Node reads headers as Latin-1; servers write UTF-8 into them all the same. */
const fromHeader = (raw: string | undefined): string | undefined => {
  if (raw === undefined) return undefined;
  const bytes = Buffer.from(raw, 'latin1');
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? raw : text;
};
