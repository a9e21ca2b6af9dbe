import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { forget } from '../../gateway/commands/forget.js';
import { prune } from '../../gateway/commands/prune.js';
import { compareTrees } from '../support/compare-trees.js';
import { noRestic, openTestRepository, restic, withRestic, withTestRepository } from '../support/restic.js';
import { saveTree, twoGenerations } from '../support/two-generations.js';

const keepLast = { policy: { counts: { last: 1 } }, clock: systemClock };
describe.skipIf(noRestic !== undefined)(withRestic('with stock restic'), () => {
  it('prunes what restic wrote, and restic goes on, prunes and is checked by us', async () => {
    const { folder, source, repository: at, first, second } = await twoGenerations();
    const save = () => restic(at, ['backup', source, '--host', 'nas']);
    await first();
    await withTestRepository(at, 'init', async () => {});
    save();
    await second();
    save();
    await withTestRepository(at, 'open', (repository) =>
      forget(repository, { ...keepLast, prune: { maxUnused: { bytes: 0 } } }),
    );
    expect(restic(at, ['check', '--read-data'])).toContain('no errors were found');
    restic(at, ['restore', 'latest', '--target', join(folder, 'theirs')]);
    expect(await compareTrees(source, join(folder, 'theirs', source))).toEqual([]);
    await first();
    save();
    restic(at, ['forget', '--keep-last', '1', '--prune', '--max-unused', '0']);
    const { plan } = await withTestRepository(at, 'open', (repository) => prune(repository));
    expect(plan.stats).toMatchObject({ totalRemoved: { blobs: 0, bytes: 0 }, duplicate: { blobs: 0 } });
  });

  it('removes duplicates that two writers left, and orphans of a killed one', async () => {
    const { source, repository: at, first } = await twoGenerations();
    await first();
    await withTestRepository(at, 'init', async () => {});
    const one = await openTestRepository(at, 'open');
    const two = await openTestRepository(at, 'open');
    await Promise.all([saveTree(one.repository, source), saveTree(two.repository, source)]);
    await Promise.all([one.close(), two.close()]);
    await writeFile(join(at, 'data', '00', '00'.repeat(32)), 'left by a killed backup').catch(async () => {
      await mkdir(join(at, 'data', '00'));
      await writeFile(join(at, 'data', '00', '00'.repeat(32)), 'left by a killed backup');
    });
    const { plan } = await withTestRepository(at, 'open', (repository) =>
      prune(repository, { maxUnused: { bytes: 0 } }),
    );
    expect(plan.unreferenced).toHaveLength(1);
    expect(plan.stats.duplicate.blobs).toBeGreaterThan(10);
    const again = await withTestRepository(at, 'open', (repository) => prune(repository));
    expect(again.plan.stats).toMatchObject({
      used: plan.stats.used,
      duplicate: { blobs: 0 },
      unused: { blobs: 0 },
    });
    expect(restic(at, ['check', '--read-data'])).toContain('no errors were found');
  });

  it('compresses what was stored plain, once', async () => {
    const { source, repository: at, first } = await twoGenerations();
    await first();
    await withTestRepository(at, 'init', async () => {});
    restic(at, ['backup', source, '--compression', 'off']);
    const run = () =>
      withTestRepository(at, 'open', (repository) => prune(repository, { repackUncompressed: true }));
    expect((await run()).plan.repack).toHaveLength(1);
    expect((await run()).plan.repack).toHaveLength(0);
    expect(restic(at, ['check', '--read-data'])).toContain('no errors were found');
  });
});
