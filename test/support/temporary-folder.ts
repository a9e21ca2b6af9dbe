import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A fresh folder that goes when the running test ends. */
export async function temporaryFolder(label = 'gatehouse'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `${label}-`));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
