/** An object whose members are JSON texts already; those that are undefined are left out. */
export const objectText = (members: Readonly<Record<string, string | undefined>>): string =>
  `{${Object.entries(members)
    .filter(([, text]) => text !== undefined)
    .map(([name, text]) => `"${name}":${text}`)
    .join(',')}}`;

/** A list of JSON texts. */
export const listText = (texts: readonly string[]): string => `[${texts.join(',')}]`;
