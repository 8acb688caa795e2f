import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { transform } from 'esbuild';

const src = new URL('../src/', import.meta.url);
const font = new URL(
  import.meta.resolve('@fontsource-variable/hanken-grotesk/files/hanken-grotesk-latin-wght-normal.woff2'),
);
const fontExt = new URL(
  import.meta.resolve('@fontsource-variable/hanken-grotesk/files/hanken-grotesk-latin-ext-wght-normal.woff2'),
);
const STYLES = ['styles/fonts.css', 'styles/tokens.css', 'styles/page.css'];
const PAGE = 'index.html';
const MANIFEST = 'app.webmanifest';

/** Names a file after its content, so that it may be cached for ever. */
const hashed = (name, content) => {
  const hash = createHash('sha256').update(content).digest('base64url').slice(0, 8);
  const ext = extname(name);
  return `assets/${basename(name, ext)}-${hash}${ext}`;
};

/** Writes everything of dist/ that is not a script: styles, fonts, icon, web manifest, and the page naming them. */
export const page = ({ out, minify }) => ({
  name: 'page',

  async buildStart() {
    for (const file of [...STYLES, PAGE, MANIFEST, 'assets/holm.svg']) this.addWatchFile(new URL(file, src).pathname);
    if (!this.meta.watchMode) await rm(out, { recursive: true, force: true });
  },

  async generateBundle(_options, bundle) {
    const emit = (name, source) => {
      const fileName = hashed(name, source);
      this.emitFile({ type: 'asset', fileName, source });
      return fileName;
    };
    const read = (file) => readFile(new URL(file, src), 'utf8');

    const fonts = {
      '@latin': emit(font.pathname, await readFile(font)),
      '@latin-ext': emit(fontExt.pathname, await readFile(fontExt)),
    };
    const raw = (await Promise.all(STYLES.map(read))).join('\n');
    const linked = raw.replace(/url\((@[a-z-]+)\)/g, (_, key) => `url(./${basename(fonts[key])})`);
    const styles = emit('holm.css', (await transform(linked, { loader: 'css', minify })).code);
    const icon = emit('holm.svg', await read('assets/holm.svg'));
    const manifest = emit(MANIFEST, (await read(MANIFEST)).replaceAll('{icon}', `./${basename(icon)}`));

    const entry = Object.values(bundle).find((chunk) => chunk.type === 'chunk' && chunk.isEntry);
    const preloads = entry.imports.map((file) => `<link rel="modulepreload" href="./${file}">`).join('\n    ');
    const words = { styles, icon, manifest, font: fonts['@latin'], entry: entry.fileName, preloads };
    const html = (await read(PAGE)).replace(/\{(\w+)\}/g, (_, word) => words[word]);
    this.emitFile({ type: 'asset', fileName: PAGE, source: html });
  },

  writeBundle(_options, bundle) {
    const sizes = Object.values(bundle).map((file) => {
      const content = Buffer.from(file.type === 'chunk' ? file.code : file.source);
      return `${(gzipSync(content).length / 1024).toFixed(1).padStart(8)} kB gzip  ${file.fileName}`;
    });
    this.info(`wrote\n${sizes.join('\n')}`);
  },
});
