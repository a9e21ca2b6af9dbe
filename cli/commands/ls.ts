/** `gatehouse ls`: what a snapshot holds. */
import { Argument, type Command } from 'commander';
import { messageOf } from '../../core/errors.js';
import { isUrl } from '../../gateway/bucket/operand.js';
import type { ListedNode } from '../../gateway/commands/ls.js';
import { createContext } from '../context.js';
import { exitCodes } from '../exit-code.js';
import { openRepository, type RepositoryFlags, withReaderOptions } from '../repository-options.js';
import { type FilterFlags, filterFrom, withFilterOptions } from './snapshots.js';

interface LsFlags extends RepositoryFlags, FilterFlags {
  readonly long?: boolean;
  readonly recursive?: boolean;
}

export function addLs(program: Command): void {
  withFilterOptions(withReaderOptions(program.command('ls')))
    .description('list what a snapshot holds, or a bucket: gatehouse ls s3://bucket/prefix')
    .addArgument(
      new Argument(
        '<snapshot>',
        '"latest", an id or its beginning, or ID:FOLDER; or s3://, gs://, b2://, file:// with wildcards as in cp',
      ),
    )
    .option('-l, --long', 'with permissions, owner, size and time')
    .option('--recursive', 'of a bucket: also what is in folders')
    .action(async (snapshot: string, flags: LsFlags, command: Command) => {
      const context = createContext(command);
      if (isUrl(snapshot)) {
        const { listBucket } = await import('../bucket-listing.js');
        await listBucket(context, snapshot, flags);
        return;
      }
      const { terminal } = context;
      const { ls } = await import('../../gateway/commands/ls.js');
      const { repository, lifetimes } = await openRepository(context, flags);
      const print = (node: ListedNode) => {
        if (terminal.json) terminal.printJson(node);
        else terminal.print(flags.long ? longLine(node) : node.path);
      };
      try {
        const options = { snapshot, signal: context.signal, ...filterFrom(flags) };
        await ls(repository, options, print, (path, error) => {
          terminal.note(`${terminal.style('red', 'error')}: ${path}: ${messageOf(error)}`);
          context.setExitCode(exitCodes.failed);
        });
      } finally {
        await lifetimes.close();
      }
    });
}

function longLine(node: ListedNode): string {
  const permissions = node.permissions.toString(8).padStart(4, '0');
  const time = node.mtime.slice(0, 19).replace('T', ' ');
  const owner = `${node.uid}:${node.gid}`;
  return `${node.type.padEnd(7)} ${permissions} ${owner.padEnd(11)} ${String(node.size ?? '').padStart(12)} ${time} ${node.path}`;
}
