/** `gatehouse cat`: shows one object of a repository. */
import { once } from 'node:events';
import { Argument, type Command } from 'commander';
import type { CatKind } from '../../gateway/commands/cat.js';
import { createContext } from '../context.js';
import { usageError } from '../exit-code.js';
import { openRepository, type RepositoryFlags, withReaderOptions } from '../repository-options.js';

const kinds = ['pack', 'blob', 'snapshot', 'index', 'key', 'masterkey', 'config', 'lock', 'tree'] as const;

export function addCat(program: Command): void {
  withReaderOptions(program.command('cat'))
    .description('show one object: JSON with indent, packs and blobs as they are')
    .addArgument(new Argument('<kind>', 'what it is').choices(kinds))
    .addArgument(new Argument('[id]', 'its id or the beginning; for a tree SNAPSHOT or SNAPSHOT:FOLDER'))
    .addHelpText('after', '\n"masterkey" shows what opens the whole repository: keep it to yourself.')
    .action(async (kind: CatKind, id: string | undefined, flags: RepositoryFlags, command: Command) => {
      const context = createContext(command);
      const { terminal, signal } = context;
      if (id === undefined && kind !== 'config' && kind !== 'masterkey') {
        throw usageError(
          `Which ${kind}?`,
          `List them with "gatehouse list", then "gatehouse cat ${kind} ID".`,
        );
      }
      const { cat } = await import('../../gateway/commands/cat.js');
      const { repository, lifetimes } = await openRepository(context, flags);
      try {
        const onWarning = (message: string) =>
          terminal.note(`${terminal.style('yellow', 'warning')}: ${message}`);
        const bytes = await cat(repository, kind, id ?? '', { signal, onWarning });
        if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
      } finally {
        await lifetimes.close();
      }
    });
}
