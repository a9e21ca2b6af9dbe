import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { silentLogger } from '../../core/log.js';
import { backup } from '../../gateway/commands/backup.js';
import type { BackupOptions } from '../../gateway/commands/backup-types.js';
import { ChangeJournal } from '../../gateway/journal/change-journal.js';
import { Inotify } from '../../gateway/journal/inotify.js';
import type { Repository } from '../../gateway/repository/repository.js';
import type { TreeNode } from '../../gateway/tree/node.js';
import { decodeTree } from '../../gateway/tree/tree.js';
import { openTestRepository } from '../support/restic.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const probe = Inotify.open(() => {});
probe?.close();
const why = probe === undefined ? 'no inotify through koffi on this machine' : 'inotify';

async function place() {
  const folder = await temporaryFolder();
  const source = join(folder, 'source');
  mkdirSync(source);
  const { repository, close } = await openTestRepository(join(folder, 'repository'), 'init');
  onTestFinished(close);
  const journal = new ChangeJournal({ clock: systemClock, log: silentLogger });
  onTestFinished(() => journal.close());
  const common = { paths: [source], clock: systemClock, version: 'test', countFirst: false, workers: 1 };
  const memoryFolder = join(folder, 'memory');
  const store = async (options: Partial<BackupOptions>) => {
    const { summary } = await backup(repository, { ...common, ...options });
    const tree = await treeOf(repository, summary.snapshot_id ?? '', source);
    return { summary, tree };
  };
  return {
    source,
    withJournal: async () => {
      const coverage = { roots: [Buffer.from(source)], settings: '' };
      const journalTurn = await journal.begin(coverage);
      // Snapshots of the same paths that the journal did not see must not be taken for its base.
      const parent = journalTurn.baseSnapshot === undefined ? {} : { parent: journalTurn.baseSnapshot };
      return { ...(await store({ journalTurn, memoryFolder, ...parent })), reason: journalTurn.reason };
    },
    walked: () => store({ force: true }),
  };
}

/** The tree of the source itself: folders above it change for reasons of their own. */
async function treeOf(repository: Repository, id: string, source: string): Promise<string | undefined> {
  const json = JSON.parse(Buffer.from(await repository.loadSnapshot(id)).toString()) as { tree: string };
  let tree: string | undefined = json.tree;
  for (const name of source.split('/').slice(1)) {
    const nodes: TreeNode[] = decodeTree(await repository.loadBlob('tree', tree ?? ''));
    tree = nodes.find((node) => node.name.toString() === name)?.subtree;
  }
  return tree;
}

/** The same numbers for the same seed (mulberry32). */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function changeSomething(source: string, pick: (below: number) => number): void {
  const all = readdirSync(source, { recursive: true, withFileTypes: true });
  const some = (wanted: (entry: (typeof all)[number]) => boolean) => {
    const fitting = all.filter(wanted);
    const entry = fitting[pick(Math.max(1, fitting.length))];
    return entry === undefined ? undefined : join(entry.parentPath, entry.name);
  };
  const folder = () => (pick(4) === 0 ? source : (some((entry) => entry.isDirectory()) ?? source));
  const file = () => {
    const found = some((entry) => entry.isFile());
    if (found !== undefined) return found;
    writeFileSync(join(source, 'first'), '');
    return join(source, 'first');
  };
  const fresh = () => join(folder(), `n${pick(1_000_000)}`);
  const moves = [
    () => writeFileSync(fresh(), `content ${pick(1000)}`),
    () => mkdirSync(fresh()),
    () => mkdirSync(join(fresh(), 'deep', 'deeper'), { recursive: true }),
    () => appendFileSync(file(), 'more'),
    () => writeFileSync(file(), 'as long'),
    () => chmodSync(file(), 0o600 + pick(64)),
    () => chmodSync(folder(), 0o700 + pick(64)),
    () => utimesSync(file(), pick(1_000_000), pick(1_000_000)),
    () => renameSync(file(), fresh()),
    () => linkSync(file(), fresh()),
    () => symlinkSync('nowhere', fresh()),
    () => rmSync(file(), { force: true }),
    () => {
      const from = some((entry) => entry.isDirectory());
      const to = fresh();
      if (from !== undefined && !to.startsWith(`${from}/`)) renameSync(from, to);
    },
    () => {
      const gone = some((entry) => entry.isDirectory());
      if (gone !== undefined && pick(3) === 0) rmSync(gone, { recursive: true });
    },
  ];
  moves[pick(moves.length)]?.();
}

describe.skipIf(probe === undefined)(`backups by a journal (${why})`, () => {
  test.each([1, 2, 3])('store what a full walk stores, whatever was changed (seed %i)', async (seed) => {
    const { source, withJournal, walked } = await place();
    const pick = numbersFrom(seed);
    writeFileSync(join(source, 'first'), '');
    for (let i = 0; i < 40; i++) changeSomething(source, pick);
    await withJournal();
    let byJournal = 0;
    for (let round = 0; round < 12; round++) {
      for (let i = pick(6); i > 0; i--) changeSomething(source, pick);
      const partly = await withJournal();
      if (partly.reason === undefined) byJournal += 1;
      expect(partly.tree, `round ${round}`).toBe((await walked()).tree);
    }
    expect(byJournal).toBeGreaterThan(2);
  });

  test('count what they passed over as unmodified', async () => {
    const { source, withJournal } = await place();
    for (const name of ['a', 'b']) {
      mkdirSync(join(source, name, 'inner'), { recursive: true });
      writeFileSync(join(source, name, 'inner', 'file'), '12345');
      utimesSync(join(source, name, 'inner', 'file'), 1, 1);
    }
    await withJournal();
    // Folders made a moment ago are looked at once more before they are relied on.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await withJournal();
    appendFileSync(join(source, 'a', 'inner', 'file'), '6');
    const { summary, reason } = await withJournal();
    expect(reason).toBeUndefined();
    expect(summary).toMatchObject({ files_new: 0, files_changed: 1, files_unmodified: 1 });
    expect(summary).toMatchObject({ total_files_processed: 2, total_bytes_processed: 11 });
  });
});
