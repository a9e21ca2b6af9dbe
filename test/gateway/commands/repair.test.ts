/** Damage done on purpose; after our repairs stock restic finds nothing wrong and restores the rest. */
import { createCipheriv } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { backup } from '../../../gateway/commands/backup.js';
import { check } from '../../../gateway/commands/check.js';
import { planIndexRepair, repairIndex } from '../../../gateway/commands/repair-index.js';
import { planPackRepair, repairPacks } from '../../../gateway/commands/repair-packs.js';
import { repairSnapshots } from '../../../gateway/commands/repair-snapshots.js';
import { listSnapshots } from '../../../gateway/commands/snapshots.js';
import type { Repository } from '../../../gateway/repository/repository.js';
import { noRestic, restic, withTestRepository } from '../../support/restic.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const noise = (sizeBytes: number, seed: number) =>
  createCipheriv('aes-256-ctr', Buffer.alloc(32, seed), Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));

const common = { clock: systemClock, version: '9.9.9', host: 'nas', countFirst: false } as const;

interface Scene {
  readonly folder: string;
  readonly source: string;
  packs(): string[];
  pathOf(packId: string): string;
  work<T>(task: (repository: Repository) => Promise<T>): Promise<T>;
}

/** A repository of ours with a snapshot of two files of one chunk each and a folder, in one pack per type. */
async function scene(): Promise<Scene> {
  const parent = await temporaryFolder();
  const folder = join(parent, 'repository');
  const source = join(parent, 'source');
  mkdirSync(join(source, 'inner'), { recursive: true });
  writeFileSync(join(source, 'first'), noise(300_000, 1));
  writeFileSync(join(source, 'inner', 'second'), noise(200_000, 2));
  await withTestRepository(folder, 'init', (repository) =>
    backup(repository, { ...common, paths: [source] }),
  );
  const data = join(folder, 'data');
  return {
    folder,
    source,
    packs: () => readdirSync(data).flatMap((name) => readdirSync(join(data, name))),
    pathOf: (packId) => join(data, packId.slice(0, 2), packId),
    work: (task) => withTestRepository(folder, 'open', task),
  };
}

async function packOf({ work }: Scene, type: 'data' | 'tree'): Promise<string> {
  return work(async (repository) => {
    await repository.loadIndex();
    const found = [...repository.indexedPacks()].find(({ treeCount }) => treeCount > 0 === (type === 'tree'));
    return found?.packId ?? '';
  });
}

const mendIndex = (repository: Repository, readAllPacks = false) =>
  planIndexRepair(repository, { readAllPacks }).then((plan) => repairIndex(repository, plan));

async function mendPacks(repository: Repository, packIds: string[]) {
  await repository.loadIndex({ onProblem: () => {} });
  const plan = await planPackRepair(repository, packIds);
  await repairPacks(repository, plan);
  return plan;
}

async function mendSnapshots(repository: Repository, forget = true) {
  await repository.loadIndex({ onProblem: () => {} });
  return repairSnapshots(repository, await listSnapshots(repository), { forget });
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  rmSync(path);
  writeFileSync(path, bytes);
}

function restoreAll(folder: string, target: string): void {
  restic(folder, ['restore', 'latest', '--target', target]);
}

describe.skipIf(noRestic)(
  `repairs, looked over by restic${noRestic ? ` (skipped: ${noRestic})` : ''}`,
  () => {
    it.each([false, true])('bring a deleted index back, reading all packs: %s', async (readAllPacks) => {
      const { folder, source, work } = await scene();
      for (const name of readdirSync(join(folder, 'index'))) rmSync(join(folder, 'index', name));
      const result = await work((repository) => mendIndex(repository, readAllPacks));
      expect(result).toEqual({ damagedPacks: [], written: 1, removed: 0 });
      expect(restic(folder, ['check', '--read-data'])).toContain('no errors were found');
      const target = await temporaryFolder();
      restoreAll(folder, target);
      expect(readFileSync(join(target, source, 'first')).equals(noise(300_000, 1))).toBe(true);
    });

    it('replace an index file that cannot be read', async () => {
      const { folder, work } = await scene();
      const [name = ''] = readdirSync(join(folder, 'index'));
      flip(join(folder, 'index', name), 60);
      const plan = await work((repository) => planIndexRepair(repository));
      expect(plan).toMatchObject({ unreadable: [name], missing: [], isNeeded: true });
      expect(plan.toRead.map(({ why }) => why)).toEqual(['unknown', 'unknown']);
      await work((repository) => mendIndex(repository));
      expect(readdirSync(join(folder, 'index'))).not.toContain(name);
      expect(restic(folder, ['check', '--read-data'])).toContain('no errors were found');
    });

    it('leave an index alone that is whole', async () => {
      const { folder, work } = await scene();
      const before = readdirSync(join(folder, 'index'));
      expect(await work((repository) => mendIndex(repository))).toMatchObject({ written: 0, removed: 0 });
      expect(readdirSync(join(folder, 'index'))).toEqual(before);
    });

    it('take a deleted pack of data out of index and snapshots', async () => {
      const at = await scene();
      rmSync(at.pathOf(await packOf(at, 'data')));
      await at.work((repository) => mendIndex(repository));
      const [repaired] = await at.work((repository) => mendSnapshots(repository));
      expect(repaired?.newId).toMatch(/^[0-9a-f]{64}$/);
      expect(restic(at.folder, ['check', '--read-data'])).toContain('no errors were found');
      const target = await temporaryFolder();
      restoreAll(at.folder, target);
      expect(statSync(join(target, at.source, 'first')).size).toBe(0);
      const [json] = JSON.parse(restic(at.folder, ['snapshots', '--json']));
      expect(json).toMatchObject({ original: repaired?.snapshotId, hostname: 'nas' });
      expect(json.tags ?? []).toEqual([]);
    });

    it('save the other blobs of a pack in which bytes were changed', async () => {
      const at = await scene();
      const packId = await packOf(at, 'data');
      flip(at.pathOf(packId), 1000);
      const found = await at.work((repository) => check(repository, { readData: true }));
      expect(found.summary.broken_packs).toEqual([packId]);
      const plan = await at.work((repository) => mendPacks(repository, [packId]));
      expect([plan.packs[0]?.intact.length, plan.packs[0]?.lost.length]).toEqual([1, 1]);
      expect(at.packs()).not.toContain(packId);
      await at.work((repository) => mendSnapshots(repository, false));
      const tagged = JSON.parse(restic(at.folder, ['snapshots', '--json', '--tag', 'repaired']));
      expect(tagged).toHaveLength(1);
      restic(at.folder, ['forget', tagged[0].original]);
      expect(restic(at.folder, ['check', '--read-data'])).toContain('no errors were found');
      const target = await temporaryFolder();
      restoreAll(at.folder, target);
      const sizes = ['first', 'inner/second'].map((name) => statSync(join(target, at.source, name)).size);
      expect(sizes.filter((size) => size === 0)).toHaveLength(1);
      // Once more: the damaged snapshot is gone, and the repaired one needs nothing.
      expect(await at.work((repository) => mendSnapshots(repository, false))).toEqual([]);
    });

    it('save what is left of a pack that was cut short, and keep its index entries until then', async () => {
      const at = await scene();
      const packId = await packOf(at, 'data');
      truncateSync(at.pathOf(packId), statSync(at.pathOf(packId)).size - 20_000);
      expect(await at.work((repository) => mendIndex(repository))).toMatchObject({ damagedPacks: [packId] });
      const plan = await at.work((repository) => mendPacks(repository, [packId]));
      expect([plan.packs[0]?.intact.length, plan.packs[0]?.lost.length]).toEqual([1, 1]);
      await at.work((repository) => mendSnapshots(repository));
      expect(restic(at.folder, ['check', '--read-data'])).toContain('no errors were found');
    });

    it('remove a snapshot of which nothing can be read, and only when told to', async () => {
      const at = await scene();
      rmSync(at.pathOf(await packOf(at, 'tree')));
      await at.work((repository) => mendIndex(repository));
      const [kept] = await at.work((repository) => mendSnapshots(repository, false));
      expect(kept).toMatchObject({ newId: undefined, isLost: true });
      expect(readdirSync(join(at.folder, 'snapshots'))).toEqual([kept?.snapshotId]);
      await at.work((repository) => mendSnapshots(repository));
      expect(readdirSync(join(at.folder, 'snapshots'))).toEqual([]);
      expect(restic(at.folder, ['check', '--read-data'])).toContain('no errors were found');
    });
  },
);
