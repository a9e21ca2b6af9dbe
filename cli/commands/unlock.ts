/** `gatehouse unlock`: removes locks that dead programs left. */
import type { Command } from 'commander';
import { countOf } from '../../core/count.js';
import { createContext } from '../context.js';
import { openRepository, type RepositoryFlags, withRepositoryOptions } from '../repository-options.js';

export function addUnlock(program: Command): void {
  withRepositoryOptions(program.command('unlock'))
    .description('remove locks that dead programs left')
    .option('--remove-all', 'remove every lock, also of programs that may be running')
    .addHelpText(
      'after',
      '\nA lock counts as left when it was not refreshed for 30 minutes, or its process on this machine is gone.',
    )
    .action(async (flags: RepositoryFlags & { readonly removeAll?: boolean }, command: Command) => {
      const context = createContext(command);
      const { terminal, signal } = context;
      const { repository, lifetimes } = await openRepository(context, flags);
      try {
        const removed = await repository.unlock({ all: flags.removeAll ?? false, signal });
        if (terminal.json) terminal.printJson({ message_type: 'summary', removed_locks: removed });
        else
          terminal.print(
            removed === 0 ? 'No lock was to be removed.' : `${countOf(removed, 'lock')} removed.`,
          );
      } finally {
        await lifetimes.close();
      }
    });
}
