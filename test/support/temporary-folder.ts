import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A fresh folder that goes when the running test ends; a process that was killed may still write for a moment. */
export async function temporaryFolder(label = 'gatehouse'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `${label}-`));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  return folder;
}
