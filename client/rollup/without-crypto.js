const STUB = '\0without-crypto';

/**
 * End-to-end encryption is not initialised yet. The SDK reaches its Rust implementation (several megabytes of
 * WebAssembly) only through one dynamic import; point that at a module which says so.
 */
export const withoutCrypto = () => ({
  name: 'without-crypto',
  resolveId: (source) =>
    /rust-crypto\/index\.js$|^@matrix-org\/matrix-sdk-crypto-wasm/.test(source) ? STUB : undefined,
  load: (id) =>
    id === STUB
      ? `const absent = () => { throw new Error('this build has no end-to-end encryption'); };
         export const initRustCrypto = absent;
         export default {};`
      : undefined,
});
