// SPDX-License-Identifier: Apache-2.0
// Bundles the page: node build.mjs OUTPUT_FOLDER
import { readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const output = process.argv[2];
if (output === undefined) {
  console.error('usage: node build.mjs OUTPUT_FOLDER');
  process.exit(1);
}
const { overrides } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const names = Object.keys(overrides).map((name) => name.replaceAll('/', '\\/'));
const unused = {
  name: 'unused',
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^(${names.join('|')})(/|$)`) }, () => ({ path: join(here, 'src', 'unused.cjs') }));
  },
};

await build({
  absWorkingDir: here,
  entryPoints: ['src/main.tsx'],
  outdir: output,
  bundle: true,
  format: 'iife',
  target: 'es2022',
  jsx: 'automatic',
  minify: true,
  legalComments: 'none',
  logLevel: 'error',
  define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
  plugins: [unused],
  loader: { '.svg': 'dataurl', '.png': 'dataurl', '.ttf': 'dataurl', '.woff': 'dataurl', '.woff2': 'dataurl' },
});
await cp(join(here, 'src', 'index.html'), join(output, 'index.html'));

// Where Grafana's components look for icons and fonts; the fonts are not in Grafana's packages.
const modules = join(here, 'node_modules');
await cp(join(modules, '@grafana', 'ui', 'dist', 'public'), join(output, 'public', 'build'), { recursive: true });
const font = join(modules, '@fontsource-variable', 'inter', 'files', 'inter-latin-wght-normal.woff2');
for (const name of ['Inter-Regular', 'Inter-Medium']) {
  await cp(font, join(output, 'public', 'fonts', 'inter', `${name}.woff2`));
}
