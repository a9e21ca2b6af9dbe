/** `gatehouse cache`: the copies of repositories' metadata on this machine. */
import { type Command, Option } from 'commander';
import { cacheFolder } from '../cache-folder.js';
import { createContext } from '../context.js';
import { count } from '../option-values.js';
import { formatBytes, formatTable, type Terminal } from '../terminal.js';

const dayMs = 24 * 60 * 60 * 1000;

interface CacheFlags {
  readonly cacheDir?: string;
  readonly cleanup?: boolean;
  readonly maxAge: number;
  readonly size: boolean;
}

export function addCache(program: Command): void {
  program
    .command('cache')
    .description('list the local copies of metadata of distant repositories, or remove old ones')
    .addOption(new Option('--cleanup', 'remove those that were not used for --max-age'))
    .addOption(new Option('--max-age <days>', 'when a cache counts as old').argParser(count).default(30))
    .addOption(new Option('--no-size', 'do not add up sizes'))
    .addOption(new Option('--cache-dir <dir>', 'where they are (default: $XDG_CACHE_HOME/gatehouse)'))
    .action(async (flags: CacheFlags, command: Command) => {
      const context = createContext(command);
      const base = cacheFolder(context.env, flags.cacheDir);
      const oldBeforeMs = context.clock.now() - flags.maxAge * dayMs;
      if (flags.cleanup) await cleanUp(context.terminal, base, oldBeforeMs);
      else await show(context.terminal, base, { oldBeforeMs, withSizes: flags.size });
    });
}

async function cleanUp(terminal: Terminal, base: string, oldBeforeMs: number): Promise<void> {
  const { removeOldCaches } = await import('../../gateway/cache/cache-folders.js');
  const removed = await removeOldCaches(base, oldBeforeMs);
  if (terminal.json) terminal.printJson({ removed: removed.map(({ repositoryId }) => repositoryId) });
  else terminal.print(`${removed.length} old caches removed from ${base}.`);
}

async function show(
  terminal: Terminal,
  base: string,
  how: { readonly oldBeforeMs: number; readonly withSizes: boolean },
): Promise<void> {
  const { cacheSize, listCaches } = await import('../../gateway/cache/cache-folders.js');
  const rows: string[][] = [];
  for (const { repositoryId, path, lastUsedMs } of await listCaches(base)) {
    const lastUsed = new Date(lastUsedMs).toISOString();
    const old = lastUsedMs < how.oldBeforeMs;
    const sizeBytes = how.withSizes ? await cacheSize(path) : undefined;
    if (terminal.json) terminal.printJson({ id: repositoryId, last_used: lastUsed, old, size: sizeBytes });
    const size = sizeBytes === undefined ? '' : formatBytes(sizeBytes);
    rows.push([repositoryId.slice(0, 10), lastUsed.slice(0, 16).replace('T', ' '), old ? 'yes' : '', size]);
  }
  if (terminal.json) return;
  if (rows.length === 0) terminal.note(`No caches in ${base}.`);
  else for (const line of formatTable([heading, ...rows])) terminal.print(line);
}

const heading = ['REPOSITORY', 'LAST USED (UTC)', 'OLD', 'SIZE'];
