/** `gatehouse migrate`: brings a repository to a newer format. */
import type { Command } from 'commander';
import type { Migration } from '../../gateway/commands/migrate.js';
import { createContext } from '../context.js';
import { openRepository, type RepositoryFlags, withRepositoryOptions } from '../repository-options.js';
import type { Terminal } from '../terminal.js';

export function addMigrate(program: Command): void {
  withRepositoryOptions(program.command('migrate'))
    .description('bring a repository to a newer format; without a name, show what can be done')
    .argument('[name]', 'upgrade_repo_v2: to format 2, which can compress; restic before 0.14 cannot read it')
    .addHelpText(
      'after',
      '\nAfter upgrade_repo_v2, "gatehouse prune --repack-uncompressed" compresses what is there.',
    )
    .action(async (name: string | undefined, flags: RepositoryFlags, command: Command) => {
      const context = createContext(command);
      const { terminal, signal } = context;
      const { migrate, migrationsFor } = await import('../../gateway/commands/migrate.js');
      const { repository, lifetimes } = await openRepository(context, flags);
      try {
        if (name !== undefined) await migrate(repository, name, signal);
        const migrations = name === undefined ? migrationsFor(repository) : [];
        show(terminal, name, migrations);
      } finally {
        await lifetimes.close();
      }
    });
}

function show(terminal: Terminal, applied: string | undefined, available: readonly Migration[]): void {
  if (terminal.json) terminal.printJson({ message_type: 'summary', applied: applied ?? null, available });
  else if (applied !== undefined) terminal.print(`Applied ${applied}.`);
  else if (available.length === 0) terminal.print('There is nothing to migrate.');
  else for (const { name, description } of available) terminal.print(`${name}  ${description}`);
}
