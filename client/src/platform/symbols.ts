// Browsers of 2025 have not all got `Symbol.dispose`. Imported first by main.ts, before anything uses it.
const known: { readonly dispose?: symbol } = Symbol;
if (!known.dispose) Object.defineProperty(Symbol, 'dispose', { value: Symbol('Symbol.dispose') });

export {};
