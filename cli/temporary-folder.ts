/** The folder for the temporary files of one run. What killed runs left there is removed by later ones. */
import { tmpdir } from 'node:os';
import type { Clock } from '../core/clock.js';
import type { Lifetimes } from '../core/lifecycle.js';

/** @returns its path; it goes with `lifetimes`. @throws SPOOL_UNUSABLE. */
export async function openTemporaryFolder(
  { env, clock }: { readonly env: NodeJS.ProcessEnv; readonly clock: Clock },
  lifetimes: Lifetimes,
): Promise<string> {
  const { SpoolFolder } = await import('../gateway/repository/spool-folder.js');
  const folder = await SpoolFolder.open(env['TMPDIR'] || tmpdir(), clock, 'gatehouse-');
  return lifetimes.add('temporary folder', folder).path;
}
