/** `gatehouse list`: the ids of what a repository is made of. */
import { Argument, type Command } from 'commander';
import { createContext } from '../context.js';
import { openRepository, type RepositoryFlags, withReaderOptions } from '../repository-options.js';

const kinds = ['blobs', 'packs', 'index', 'snapshots', 'keys', 'locks'] as const;

export function addList(program: Command): void {
  withReaderOptions(program.command('list'))
    .description('list the ids of what a repository is made of, one a line')
    .addArgument(new Argument('<kind>', 'what to list').choices(kinds))
    .action(async (kind: (typeof kinds)[number], flags: RepositoryFlags, command: Command) => {
      const context = createContext(command);
      const { terminal, signal } = context;
      const { listObjects } = await import('../../gateway/commands/list.js');
      const { repository, lifetimes } = await openRepository(context, flags);
      try {
        for await (const object of listObjects(repository, kind, { signal })) {
          if (terminal.json) terminal.printJson(object);
          else terminal.print(object.type === undefined ? object.id : `${object.type} ${object.id}`);
        }
      } finally {
        await lifetimes.close();
      }
    });
}
