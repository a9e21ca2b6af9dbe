/** `gatehouse ls`: what a snapshot holds. */
import { Argument, type Command, Option } from 'commander';
import { isUrl } from '../../gateway/bucket/operand.js';
import type { ListedNode } from '../../gateway/commands/listed-node.js';
import type { LsHandlers, LsOrder } from '../../gateway/commands/ls.js';
import type { StoredSnapshot } from '../../gateway/tree/snapshot.js';
import { tellBrokenTrees } from '../broken-trees.js';
import { type Context, createContext } from '../context.js';
import { usageError } from '../exit-code.js';
import { NcduWriter } from '../ncdu.js';
import { openRepository, type RepositoryFlags, withReaderOptions } from '../repository-options.js';
import { formatBytes } from '../terminal.js';
import { type FilterFlags, filterFrom, withFilterOptions } from './snapshots.js';

interface LsFlags extends RepositoryFlags, FilterFlags {
  readonly long?: boolean;
  readonly recursive?: boolean;
  readonly humanReadable?: boolean;
  readonly ncdu?: boolean;
  readonly sort: LsOrder;
  readonly reverse?: boolean;
}

const orders: readonly LsOrder[] = ['name', 'size', 'time', 'mtime', 'atime', 'ctime', 'extension'];

const help = `
Examples:
  gatehouse ls -r /mnt/repo latest /home/me --long --human-readable --sort size --reverse
  gatehouse ls -r /mnt/repo latest --ncdu | ncdu -f -`;

export function addLs(program: Command): void {
  withFilterOptions(withReaderOptions(program.command('ls')))
    .description('list what a snapshot holds, or a bucket: gatehouse ls s3://bucket/prefix')
    .addArgument(
      new Argument(
        '<snapshot>',
        '"latest", an id or its beginning, or ID:FOLDER; or s3://, gs://, b2://, file:// with wildcards as in cp',
      ),
    )
    .addArgument(new Argument('[folders...]', 'only these folders, absolute (default: all)'))
    .addOption(new Option('-l, --long', 'with permissions, owner, size and time (UTC)'))
    .addOption(
      new Option('--recursive', 'also what lies deeper in the folders, or of a bucket, in its folders'),
    )
    .addOption(new Option('--human-readable', 'with -l: sizes as 3.1 MiB'))
    .addOption(new Option('-s, --sort <by>', 'sort').choices(orders).default('name'))
    .addOption(new Option('--reverse', 'the other way round'))
    .addOption(new Option('--ncdu', 'in the form that "ncdu -f" reads'))
    .addHelpText('after', help)
    .action(async (snapshot: string, folders: string[], flags: LsFlags, command: Command) => {
      const context = createContext(command);
      if (isUrl(snapshot)) {
        const { listBucket } = await import('../bucket-listing.js');
        await listBucket(context, snapshot, flags);
        return;
      }
      if (folders.some((folder) => !folder.startsWith('/'))) {
        throw usageError('A folder is given by its absolute path.', 'Begin it with a slash.');
      }
      if (flags.ncdu && (flags.sort !== 'name' || flags.reverse)) {
        throw usageError('--ncdu has an order of its own.', 'Leave --sort and --reverse out.');
      }
      const { ls } = await import('../../gateway/commands/ls.js');
      const show = flags.ncdu ? ncduDisplay(context) : await listDisplay(context, flags);
      const { repository, lifetimes } = await openRepository(context, flags);
      const { sort, reverse = false, recursive = false } = flags;
      const options = { snapshot, folders, recursive, sort, reverse, signal: context.signal };
      try {
        await ls(
          repository,
          { ...options, ...filterFrom(flags) },
          { ...show, onError: tellBrokenTrees(context) },
        );
        show.end?.();
      } finally {
        await lifetimes.close();
      }
    });
}

type Display = Omit<LsHandlers, 'onError'> & { readonly end?: () => void };

async function listDisplay({ terminal }: Context, flags: LsFlags): Promise<Display> {
  const { longLine } = await import('../../gateway/commands/listed-node.js');
  const { snapshotListing } = await import('../../gateway/commands/snapshots.js');
  const { encodeGoJson } = await import('../../gateway/repository/go-json.js');
  const size = flags.humanReadable ? formatBytes : String;
  return {
    onSnapshot(snapshot: StoredSnapshot) {
      const listing = { ...snapshotListing(snapshot), message_type: 'snapshot', struct_type: 'snapshot' };
      if (terminal.json) terminal.print(encodeGoJson(listing));
      else terminal.note(`snapshot ${snapshot.id.slice(0, 8)} of ${snapshot.paths.join(', ')}:`);
    },
    onNode(node: ListedNode) {
      if (terminal.json) terminal.print(encodeGoJson({ ...node }));
      else terminal.print(flags.long ? longLine(node, size) : node.path);
    },
  };
}

function ncduDisplay({ terminal }: Context): Display {
  const writer = new NcduWriter(terminal.print);
  return {
    onSnapshot: (snapshot) => writer.begin(snapshot),
    onNode: (node) => writer.node(node),
    end: () => writer.end(),
  };
}
