import commonjsPlugin from '@rollup/plugin-commonjs';
import nodeResolve from '@rollup/plugin-node-resolve';
import esbuild from 'rollup-plugin-esbuild';

export const resolve = () => nodeResolve({ browser: true, extensions: ['.ts', '.js', '.mjs'], preferBuiltins: false });

export const commonjs = () => commonjsPlugin();

/** Strips the types; in a release it also minifies the finished chunks. */
export const transpile = ({ minify }) =>
  esbuild({
    target: 'es2022',
    tsconfig: false,
    include: /\.ts$/,
    exclude: /node_modules/,
    minify,
    legalComments: 'none',
  });

/** The SDK's dependencies keep tables in JSON files. */
export const json = () => ({
  name: 'json',
  transform: (code, id) =>
    id.endsWith('.json') ? { code: `export default ${code};`, map: { mappings: '' } } : undefined,
});
