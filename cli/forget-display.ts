/** Shows what forget keeps and removes, and why: tables for people, restic's groups with `--json`. */

import { countOf } from '../core/count.js';
import {
  type ForgetGroup,
  type ForgetPlan,
  type ForgetResult,
  groupName,
} from '../gateway/commands/forget.js';
import { shortTime, snapshotListing } from '../gateway/commands/snapshots.js';
import { encodeGoJson, type JsonValue } from '../gateway/repository/go-json.js';
import { type StoredSnapshot, snapshotToJson } from '../gateway/tree/snapshot.js';
import { showPruneResult, showStillLocked } from './commands/prune.js';
import { formatTable, type Terminal } from './terminal.js';

interface Style {
  readonly compact: boolean;
  readonly dryRun: boolean;
}

export function showPlan(terminal: Terminal, { groups, remove }: ForgetPlan, style: Style): void {
  if (terminal.json) {
    // restic says nothing when snapshots were named.
    if (groups.length > 0) terminal.print(encodeGoJson(groups.map(groupToJson)));
    return;
  }
  for (const group of groups) showGroup(terminal, group, style);
  if (groups.length === 0 && remove.length > 0)
    showTable(
      terminal,
      remove.map((snapshot) => ({ snapshot, reasons: [] })),
      style,
    );
  if (remove.length === 0) terminal.print('No snapshot is to be removed.');
  else terminal.print(`${style.dryRun ? 'Would remove' : 'Removing'} ${countOf(remove.length, 'snapshot')}.`);
}

export function showForgetResult(terminal: Terminal, { stillLocked, prune }: ForgetResult): void {
  terminal.endProgress();
  showStillLocked(terminal, 'snapshot', stillLocked);
  if (prune !== undefined) showPruneResult(terminal, prune);
}

function showGroup(terminal: Terminal, group: ForgetGroup, style: Style): void {
  const { keep, remove } = group.decision;
  terminal.print(terminal.style('bold', `Snapshots of ${groupName(group)}:`));
  if (keep.length > 0) {
    terminal.print(`keep ${keep.length}:`);
    showTable(terminal, keep, style);
  }
  if (remove.length > 0) {
    terminal.print(`remove ${remove.length}:`);
    showTable(
      terminal,
      remove.map((snapshot) => ({ snapshot, reasons: [] })),
      style,
    );
  }
}

interface Row {
  readonly snapshot: StoredSnapshot;
  readonly reasons: readonly string[];
}

/** Oldest first, as snapshots are listed everywhere else. */
function showTable(terminal: Terminal, rows: readonly Row[], { compact }: Style): void {
  const heading = ['ID', 'TIME (UTC)', 'HOST', 'TAGS', 'REASONS', 'PATHS'];
  const cells = [...rows]
    .reverse()
    .map(({ snapshot, reasons }) => [
      snapshot.id.slice(0, 8),
      shortTime(snapshot),
      snapshot.hostname,
      snapshot.tags.join(','),
      reasons.join(', '),
      snapshot.paths.join(', '),
    ]);
  const chosen = (row: readonly string[]) => (compact ? row.slice(0, 4) : row);
  for (const line of formatTable([heading, ...cells].map(chosen))) terminal.print(`  ${line}`);
}

/** restic's shape: absent lists are null, and the snapshots of reasons have no ids. */
function groupToJson({ host, paths, tags, decision }: ForgetGroup): JsonValue {
  const list = (snapshots: readonly StoredSnapshot[]) =>
    snapshots.length === 0 ? null : snapshots.map(snapshotListing as (snapshot: StoredSnapshot) => JsonValue);
  return {
    tags: tags === undefined || tags.length === 0 ? null : [...tags],
    host,
    paths: paths === undefined ? null : [...paths],
    keep: list(decision.keep.map(({ snapshot }) => snapshot)),
    remove: list(decision.remove),
    reasons: decision.keep.map(({ snapshot, reasons, countsLeft }) => ({
      snapshot: snapshotToJson(snapshot) as JsonValue,
      matches: [...reasons],
      counters: { ...countsLeft },
    })),
  };
}
