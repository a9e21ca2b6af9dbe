/** Where copies of distant repositories' metadata lie on this machine. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** `given` is what `--cache-dir` says. */
export function cacheFolder(env: NodeJS.ProcessEnv, given: string | undefined): string {
  const chosen = given ?? env['GATEHOUSE_CACHE_DIR'];
  if (chosen) return resolve(chosen);
  return join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'gatehouse');
}
