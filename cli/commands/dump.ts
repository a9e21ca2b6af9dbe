/** `gatehouse dump`: a file of a snapshot, or a folder as tar, to standard output or a file. */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { Argument, type Command, Option } from 'commander';
import { messageOf } from '../../core/errors.js';
import { createContext } from '../context.js';
import { exitCodes } from '../exit-code.js';
import { openRepository, type RepositoryFlags, withReaderOptions } from '../repository-options.js';
import { formatBytes } from '../terminal.js';
import { type FilterFlags, filterFrom, withFilterOptions } from './snapshots.js';

interface Flags extends RepositoryFlags, FilterFlags {
  readonly target?: string;
}

const help = `
Examples:
  gatehouse dump -r /mnt/repo latest /home/me/shop.sql | psql shop
  gatehouse dump -r /mnt/repo latest /home/me | tar -x --xattrs
  gatehouse dump -r /mnt/repo latest:/home/me / --target me.tar`;

export function addDump(program: Command): void {
  withFilterOptions(withReaderOptions(program.command('dump')))
    .description('write a file of a snapshot, or a folder as tar, to standard output')
    .addArgument(new Argument('<snapshot>', '"latest", an id or its beginning, or ID:FOLDER'))
    .addArgument(new Argument('<path>', 'file or folder in it; / for everything'))
    .addOption(new Option('-t, --target <file>', 'write to this file instead'))
    .addOption(new Option('-a, --archive <form>', 'of folders').choices(['tar']).default('tar'))
    .addHelpText('after', help)
    .action(async (snapshot: string, path: string, flags: Flags, command: Command) => {
      const context = createContext(command);
      const { terminal, signal } = context;
      const { dump } = await import('../../gateway/commands/dump.js');
      const { repository, lifetimes } = await openRepository(context, flags);
      const output = flags.target === undefined ? process.stdout : createWriteStream(flags.target);
      try {
        const options = { snapshot, path, signal, ...filterFrom(flags) };
        const result = await dump(repository, options, output, (place, error) =>
          terminal.note(`${terminal.style('red', 'error')}: ${place}: ${messageOf(error)}`),
        );
        if (flags.target !== undefined) {
          output.end();
          await finished(output);
          terminal.note(`${formatBytes(result.bytesWritten)} written to ${flags.target}.`);
        }
        if (result.errorCount > 0) context.setExitCode(exitCodes.failed);
      } finally {
        if (flags.target !== undefined) output.destroy();
        await lifetimes.close();
      }
    });
}
