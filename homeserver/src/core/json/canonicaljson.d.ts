declare module 'canonicaljson' {
  const canonicaljson: { stringify(value: unknown): string };
  export = canonicaljson;
}
