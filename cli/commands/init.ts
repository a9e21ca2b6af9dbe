/** `gatehouse init`: creates a repository. */
import { type Command, Option } from 'commander';
import { createContext } from '../context.js';
import { usageError } from '../exit-code.js';
import {
  openRepository,
  openSourceRepository,
  type RepositoryFlags,
  type SourceFlags,
  withObjectLockOptions,
  withRepositoryOptions,
  withSourceOptions,
} from '../repository-options.js';

interface InitFlags extends RepositoryFlags, SourceFlags {
  readonly repositoryVersion: '1' | '2' | 'latest' | 'stable';
  readonly copyChunkerParams?: boolean;
}

export function addInit(program: Command): void {
  withSourceOptions(withObjectLockOptions(withRepositoryOptions(program.command('init'))))
    .description('create a repository (restic format)')
    .addOption(
      new Option('--repository-version <version>', 'format; 1 only for restic before 0.14')
        .choices(['1', '2', 'latest', 'stable'])
        .default('stable'),
    )
    .option(
      '--copy-chunker-params',
      'cut files where the repository of --from-repo does, so that copies share data',
    )
    .addHelpText('after', '\nThe password is the only key to the data. Keep a copy of it somewhere else.')
    .action(async (flags: InitFlags, command: Command) => {
      const context = createContext(command);
      if (flags.fromRepo !== undefined && flags.copyChunkerParams !== true) {
        throw usageError('--from-repo is of no use here.', 'Add --copy-chunker-params, or leave it out.');
      }
      const polynomial = flags.copyChunkerParams === true ? await polynomialOf(context, flags) : undefined;
      const { repository, location, lifetimes } = await openRepository(context, flags, 'init', {
        version: flags.repositoryVersion === '1' ? 1 : 2,
        ...(polynomial === undefined ? {} : { polynomial }),
      });
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

async function polynomialOf(context: ReturnType<typeof createContext>, flags: InitFlags): Promise<bigint> {
  const { repository, lifetimes } = await openSourceRepository(context, flags);
  const { polynomial } = repository;
  await lifetimes.close();
  return polynomial;
}
