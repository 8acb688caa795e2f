import { commonjs, json, resolve, transpile } from './rollup/plugins.js';
import { page } from './rollup/page.js';
import { withoutCrypto } from './rollup/without-crypto.js';

const out = new URL('dist/', import.meta.url).pathname;
const watching = process.argv.includes('--watch') || process.argv.includes('-w');

export default {
  input: { main: new URL('src/main.ts', import.meta.url).pathname },
  output: {
    dir: out,
    format: 'es',
    sourcemap: watching,
    entryFileNames: 'assets/[name]-[hash].js',
    chunkFileNames: 'assets/[name]-[hash].js',
    assetFileNames: 'assets/[name]-[hash][extname]',
    // A chunk each for the libraries, so that a change of ours does not make browsers fetch them again.
    manualChunks: (id) => {
      if (!id.includes('node_modules/')) return undefined;
      return /node_modules\/(@lit|lit)/.test(id) ? 'lit' : 'matrix';
    },
    hoistTransitiveImports: false,
  },
  // The SDK's own modules import each other in circles; that is not ours to see at every build.
  onwarn: (warning, warn) => {
    const isTheirs = warning.code === 'CIRCULAR_DEPENDENCY' && warning.ids?.every((id) => id.includes('node_modules'));
    if (!isTheirs) warn(warning);
  },
  plugins: [
    withoutCrypto(),
    resolve(),
    json(),
    commonjs(),
    transpile({ minify: !watching }),
    page({ out, minify: !watching }),
  ],
};
