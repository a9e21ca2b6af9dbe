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
