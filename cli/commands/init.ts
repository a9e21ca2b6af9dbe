/** `gatehouse init`: creates a repository in restic's format. */
import type { Command } from 'commander';
import { createContext } from '../context.js';
import { openRepository, type RepositoryFlags, withRepositoryOptions } from '../repository-options.js';

export function addInit(program: Command): void {
  withRepositoryOptions(program.command('init'))
    .description('create a repository (restic format, version 2)')
    .addHelpText('after', '\nThe password is the only key to the data. Keep a copy of it somewhere else.')
    .action(async (flags: RepositoryFlags, command: Command) => {
      const context = createContext(command);
      const { repository, location, lifetimes } = await openRepository(context, flags, 'init');
      const { id } = repository;
      await lifetimes.close();
      if (context.terminal.json) {
        context.terminal.printJson({ message_type: 'initialized', id, repository: location });
        return;
      }
      context.terminal.print(`Created repository ${id.slice(0, 10)} in ${location}.`);
      context.terminal.note('Keep its password safe: without it the data cannot be read by anyone.');
    });
}
