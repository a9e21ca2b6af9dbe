/** The dashboard as it ships: `dist/web` when it is there, else built into a temporary folder. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface Bundle {
  readonly folder: string;
  remove(): Promise<void>;
}

export async function dashboardBundle(): Promise<Bundle> {
  const shipped = join(root, 'dist/web');
  if (existsSync(join(shipped, 'index.html'))) return { folder: shipped, remove: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-web-'));
  await build({
    configFile: join(root, 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir: folder, emptyOutDir: true },
  });
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
