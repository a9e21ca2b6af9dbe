/** Builds the dashboard into `dist/web`. Everything it needs at run time is in there: no other host is asked. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('cloud/web/app', import.meta.url)),
  base: '/',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('dist/web', import.meta.url)),
    emptyOutDir: true,
    // Files only, no data: URLs, so that a content security policy of 'self' is enough.
    assetsInlineLimit: 0,
    modulePreload: false,
  },
});
