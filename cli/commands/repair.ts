/** `gatehouse repair`: brings a damaged repository back to what is left of it, step by step. */
import { Argument, type Command, Option } from 'commander';
import { countOf } from '../../core/count.js';
import type { IndexRepairPlan } from '../../gateway/commands/repair-index.js';
import type { PackRepairPlan } from '../../gateway/commands/repair-packs.js';
import type { RepairedSnapshot } from '../../gateway/commands/repair-snapshots.js';
import type { TreeChange } from '../../gateway/commands/repair-trees.js';
import type { Repository } from '../../gateway/repository/repository.js';
import { type Context, createContext } from '../context.js';
import { Pace } from '../pace.js';
import { openRepository, type RepositoryFlags, withRepositoryOptions } from '../repository-options.js';
import { progressBar, type Terminal } from '../terminal.js';
import { type FilterFlags, filterFrom, withFilterOptions } from './snapshots.js';

interface DryRunFlags extends RepositoryFlags {
  readonly dryRun?: boolean;
}

const dryRunOption = () => new Option('-n, --dry-run', 'only say what would be done');

export function addRepair(program: Command): void {
  const repair = program
    .command('repair')
    .description('mend a damaged repository: index, packs, snapshots, in this order')
    .addHelpText(
      'after',
      `
First copy the repository if you can, and find out what damaged it. Then:
  gatehouse check --read-data        names damaged packs
  gatehouse repair index             the index names again what is there
  gatehouse repair packs ID...       saves what can be read of damaged packs
  gatehouse backup ...               a new backup may bring lost blobs back
  gatehouse repair snapshots --forget
                                     takes what stays lost out of the snapshots`,
    );
  addRepairIndex(repair);
  addRepairPacks(repair);
  addRepairSnapshots(repair);
}

/** Opens, locks exclusively, works. */
async function locked(
  context: Context,
  flags: RepositoryFlags,
  work: (repository: Repository, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { withLock } = await import('../../gateway/commands/with-lock.js');
  const { repository, lifetimes } = await openRepository(context, flags);
  try {
    await withLock(repository, 'exclusive', context.signal, (signal) => work(repository, signal));
  } finally {
    context.terminal.endProgress();
    await lifetimes.close();
  }
}

function progressOf(context: Context): (done: number, total: number) => void {
  const pace = new Pace(context.clock);
  return (done, total) => {
    if (pace.due())
      context.terminal.progress(`${progressBar(done / total)} ${done} of ${countOf(total, 'pack')}`);
  };
}

function addRepairIndex(repair: Command): void {
  withRepositoryOptions(repair.command('index'))
    .description('make the index name what is in the packs')
    .addOption(new Option('--read-all-packs', 'trust no index file: read the header of every pack'))
    .addOption(dryRunOption())
    .action(async (flags: DryRunFlags & { readAllPacks?: boolean }, command: Command) => {
      const context = createContext(command);
      const { planIndexRepair, repairIndex } = await import('../../gateway/commands/repair-index.js');
      await locked(context, flags, async (repository, signal) => {
        const plan = await planIndexRepair(repository, { readAllPacks: flags.readAllPacks ?? false, signal });
        showIndexPlan(context, plan);
        if (flags.dryRun || !plan.isNeeded) return;
        const result = await repairIndex(repository, plan, { signal, onPack: progressOf(context) });
        const { terminal } = context;
        if (terminal.json) terminal.printJson({ message_type: 'summary', ...result });
        else terminal.print(`${countOf(result.written, 'index file')} written, ${result.removed} removed.`);
        if (result.damagedPacks.length === 0) return;
        terminal.note('The headers of these packs are damaged; save what can be read of them with');
        terminal.note(`  gatehouse repair packs ${result.damagedPacks.join(' ')}`);
      });
    });
}

function showIndexPlan({ terminal }: Context, plan: IndexRepairPlan): void {
  if (terminal.json) {
    terminal.printJson({ message_type: 'plan', ...plan });
    return;
  }
  for (const id of plan.unreadable) terminal.note(`index file ${id} cannot be read`);
  for (const packId of plan.missing) terminal.note(`pack ${packId} is gone; the index names it`);
  for (const { packId, why } of plan.toRead) {
    if (why !== 'all') terminal.note(`pack ${packId} ${reasons[why]}`);
  }
  if (plan.duplicates > 0)
    terminal.note(`${countOf(plan.duplicates, 'pack is', 'packs are')} in several index files`);
  if (!plan.isNeeded) terminal.print('The index is whole; there is nothing to do.');
  else
    terminal.print(
      `${countOf(plan.toRead.length, 'pack header')} to read, ${countOf(plan.missing.length, 'pack')} to leave out.`,
    );
}

const reasons = {
  unknown: 'is in no index file',
  size: 'has another size than the index states',
  split: 'is stated differently by several index files',
};

function addRepairPacks(repair: Command): void {
  withRepositoryOptions(repair.command('packs'))
    .description('save what can be read of damaged packs, then let go of them')
    .addArgument(new Argument('<ids...>', 'packs as "check --read-data" names them'))
    .addOption(new Option('--copies <folder>', 'keep copies of the damaged packs here').default('.'))
    .addOption(dryRunOption())
    .action(async (ids: string[], flags: DryRunFlags & { copies: string }, command: Command) => {
      const context = createContext(command);
      const { planPackRepair, repairPacks } = await import('../../gateway/commands/repair-packs.js');
      const { packIdsFrom, copyPack } = await import('../../gateway/commands/pack-copies.js');
      await locked(context, flags, async (repository, signal) => {
        await repository.loadIndex({ signal, onProblem: () => {} });
        const packIds = await packIdsFrom(repository, ids, { signal });
        const onPack = progressOf(context);
        const plan = await planPackRepair(repository, packIds, { signal, onPack });
        showPackPlan(context, plan);
        if (flags.dryRun) return;
        for (const { packId, sizeBytes } of plan.packs) {
          if (sizeBytes !== undefined) await copyPack(repository, packId, flags.copies, { signal });
        }
        await repairPacks(repository, plan, { signal, onPack });
        if (context.terminal.json) context.terminal.printJson({ message_type: 'summary', packs: packIds });
        else context.terminal.print(`${countOf(packIds.length, 'pack')} replaced by what could be read.`);
        context.terminal.note('Now run "gatehouse repair snapshots" to see which files lost parts.');
      });
    });
}

function showPackPlan({ terminal }: Context, plan: PackRepairPlan): void {
  for (const { packId, sizeBytes, intact, lost } of plan.packs) {
    if (terminal.json) {
      terminal.printJson({
        message_type: 'plan',
        packId,
        sizeBytes: sizeBytes ?? null,
        intact: intact.length,
        lost,
      });
      continue;
    }
    terminal.print(`pack ${packId}: ${countOf(intact.length, 'blob')} can be read, ${lost.length} lost`);
    for (const { type, id } of lost) terminal.note(`  lost: ${type} ${id}`);
  }
}

interface SnapshotFlags extends DryRunFlags, FilterFlags {
  readonly forget?: boolean;
}

function addRepairSnapshots(repair: Command): void {
  withFilterOptions(withRepositoryOptions(repair.command('snapshots')))
    .description('store damaged snapshots anew without what is lost, tagged "repaired"')
    .addArgument(new Argument('[snapshots...]', 'ids or their beginnings; all that fit when none'))
    .addOption(dryRunOption())
    .addOption(new Option('--forget', 'remove the damaged snapshots, and set no tag'))
    .action(async (wanted: string[], flags: SnapshotFlags, command: Command) => {
      const context = createContext(command);
      const { terminal } = context;
      const { repairSnapshots } = await import('../../gateway/commands/repair-snapshots.js');
      const { findSnapshot, listSnapshots } = await import('../../gateway/commands/snapshots.js');
      await locked(context, flags, async (repository, signal) => {
        const onDamaged = (error: unknown) => context.log.error('passed over a damaged snapshot', { error });
        const options = { ...filterFrom(flags), signal, onDamaged };
        const snapshots =
          wanted.length > 0
            ? await Promise.all(wanted.map((id) => findSnapshot(repository, id, options)))
            : await listSnapshots(repository, options);
        await repository.loadIndex({ signal, onProblem: () => {} });
        const repaired = await repairSnapshots(repository, snapshots, {
          dryRun: flags.dryRun ?? false,
          forget: flags.forget ?? false,
          signal,
          onSnapshot: ({ id }) => terminal.progress(`snapshot ${id.slice(0, 8)}`),
          onChange: (change) => showChange(terminal, change),
        });
        for (const one of repaired) showSnapshot(terminal, one);
        if (repaired.length === 0 && !terminal.json) terminal.print('No snapshot lacks anything.');
      });
    });
}

function showChange(terminal: Terminal, { path, what }: TreeChange): void {
  if (terminal.json) terminal.printJson({ message_type: 'change', path, what });
  else terminal.print(`  ${path}: ${changes[what]}`);
}

function showSnapshot(terminal: Terminal, { snapshotId, newId, isLost }: RepairedSnapshot): void {
  if (terminal.json)
    terminal.printJson({ message_type: 'snapshot', id: snapshotId, new_id: newId ?? null, lost: isLost });
  else terminal.print(sentence(snapshotId, newId, isLost));
}

function sentence(snapshotId: string, newId: string | undefined, isLost: boolean): string {
  const id = snapshotId.slice(0, 8);
  if (isLost) return `snapshot ${id}: nothing of it can be read; --forget removes it`;
  return newId === undefined
    ? `snapshot ${id} would be repaired`
    : `snapshot ${id} is now ${newId.slice(0, 8)}`;
}

const changes = {
  'content-lost': 'parts are lost; the file keeps the rest',
  'size-wrong': 'its size was wrong',
  'folder-lost': 'the folder is lost; it is empty now',
  'type-unknown': 'of unknown type; it was left out',
};
