/** What `backup`, `forget` and `prune` do afterwards in a bucket with versions and locks, when asked. */
import { type Command, Option } from 'commander';
import { countOf } from '../core/count.js';
import type { Bucket } from '../gateway/bucket/bucket.js';
import { extendRepositoryLocks } from './commands/extend-locks.js';
import type { Context } from './context.js';
import type { OpenedRepository, RepositoryFlags } from './repository-options.js';
import { formatBytes } from './terminal.js';

export interface LockCareFlags {
  readonly extendLocks?: boolean;
}

export interface PurgeFlags {
  readonly purgeVersions?: boolean;
  readonly mfa?: string;
  readonly bypassGovernance?: boolean;
  readonly dryRun?: boolean;
}

export function withLockCareOptions(command: Command): Command {
  return command.addOption(
    new Option('--extend-locks', 'then lock what the snapshots need for --lock-days again'),
  );
}

export function withPurgeOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--purge-versions',
        'then remove all that was deleted or overwritten for good; ends what --as-of can show',
      ),
    )
    .addOption(
      new Option('--mfa <serial and token>', 'for --purge-versions in a bucket with MFA Delete, in quotes'),
    )
    .addOption(
      new Option('--bypass-governance', 'with --purge-versions: also what a governance lock still holds'),
    );
}

/** After work that deleted. */
export async function freeSpace(context: Context, bucket: Bucket, flags: PurgeFlags): Promise<void> {
  if (flags.purgeVersions === true) await purge(context, bucket, flags);
  else if (flags.dryRun !== true && (await keepsVersions(bucket, context.signal)))
    context.terminal.note(
      'The bucket keeps versions: what was deleted takes space until its lifecycle removes it, or --purge-versions with the maintenance keys.',
    );
}

/** Keys that may not ask need no advice. */
async function keepsVersions({ versions }: Bucket, signal: AbortSignal): Promise<boolean> {
  return (await versions?.areKept({ signal }).catch(() => false)) ?? false;
}

async function purge(context: Context, bucket: Bucket, flags: PurgeFlags): Promise<void> {
  const { terminal, signal } = context;
  const { planPurge, purgeVersions } = await import('../gateway/commands/purge-versions.js');
  const plan = await planPurge(bucket, signal);
  const isDry = flags.dryRun === true;
  const result = isDry
    ? { removed: plan.versions, bytes: plan.bytes, stillLocked: [] }
    : await purgeVersions(bucket, plan, {
        signal,
        bypassGovernance: flags.bypassGovernance ?? false,
        ...(flags.mfa === undefined ? {} : { mfa: flags.mfa }),
        onProgress: (done, total) => terminal.progress(`removing versions  ${done} of ${total}`),
      });
  terminal.endProgress();
  const { removed, bytes, stillLocked } = result;
  if (terminal.json) {
    const counts = { versions: removed, bytes, still_locked: stillLocked };
    terminal.printJson({ message_type: 'purge', ...counts, dry_run: isDry });
    return;
  }
  terminal.print(
    `${countOf(removed, 'old version')}, ${formatBytes(bytes)}, ${isDry ? 'would be ' : ''}removed for good.`,
  );
  for (const { key, until } of stillLocked) terminal.note(`kept until ${until}: ${key}`);
}

/** Last, since it looks at what the snapshots need then. */
export async function careForLocks(
  context: Context,
  opened: OpenedRepository,
  flags: LockCareFlags & RepositoryFlags & { readonly dryRun?: boolean },
): Promise<void> {
  if (flags.extendLocks === true) await extendRepositoryLocks(context, opened, flags);
}
