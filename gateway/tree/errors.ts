/** What can go wrong with trees and snapshots. */
import { GatehouseError } from '../../core/errors.js';

/** A tree in the repository is not readable as one: damage, or a writer's fault. The user runs a check. */
export function treeDamaged(problem: string, cause?: unknown): GatehouseError {
  return new GatehouseError('TREE_DAMAGED', `A folder's record in the repository is damaged: ${problem}.`, {
    cause,
    hint: 'Run "gatehouse check"; restore the folder from an older snapshot.',
  });
}

/** A snapshot is not readable as one. The user runs a check and picks another snapshot. */
export function snapshotDamaged(id: string, problem: string, cause?: unknown): GatehouseError {
  return new GatehouseError('SNAPSHOT_DAMAGED', `Snapshot ${id} is damaged: ${problem}.`, {
    cause,
    context: { snapshotId: id },
    hint: 'Run "gatehouse check" and use another snapshot.',
  });
}

/** Raised when a tree cannot be written again as it is; nothing was changed, and the user leaves it or asks its writer. */
export function treeNotRepeatable(id: string): GatehouseError {
  return new GatehouseError(
    'TREE_NOT_REPEATABLE',
    `Tree ${id} is written in a way that a change would not keep.`,
    {
      context: { id },
      hint: 'Another program wrote it otherwise than restic does. Its snapshots can be restored, but not rewritten.',
    },
  );
}
