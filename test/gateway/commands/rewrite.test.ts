import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { Secret } from '../../../core/secret.js';
import { DirectoryBucket } from '../../../gateway/bucket/directory.js';
import { migrate, migrationsFor } from '../../../gateway/commands/migrate.js';
import { rewrite } from '../../../gateway/commands/rewrite.js';
import { listSnapshots } from '../../../gateway/commands/snapshots.js';
import { Repository } from '../../../gateway/repository/repository.js';
import { joinTree, splitTree, withSubtree } from '../../../gateway/tree/tree-text.js';
import { compareTrees } from '../../support/compare-trees.js';
import { makeNastyTree } from '../../support/nasty-tree.js';
import { noRestic, restic, testPassword, withRestic, withTestRepository } from '../../support/restic.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

describe('the text of a tree', () => {
  it('is split into nodes and joined to the same bytes, whatever they hold', () => {
    const nodes = [
      '{"name":"a{,","type":"dir","new":[{"x":"}\\""}],"subtree":"ab"}',
      '{"name":"ü","type":"file","size":3}',
    ];
    const blob = Buffer.from(`{"nodes":[${nodes.join(',')}]}\n`);
    const split = splitTree('id', blob);
    expect(split).toMatchObject([
      { type: 'dir', subtree: 'ab' },
      { name: Buffer.from('ü'), sizeBytes: 3 },
    ]);
    expect(joinTree(split.map(({ text }) => text))).toEqual(blob);
    expect(splitTree('id', Buffer.from('{"nodes":[]}\n'))).toEqual([]);
    const [folder] = split;
    expect(folder && withSubtree(folder, 'cd')).toBe(nodes[0]?.replace('"ab"', '"cd"'));
  });

  it.each([
    '{"nodes":[]}',
    '{"nodes": []}\n',
    '{"nodes":[],"more":1}\n',
    '{"nodes":[{} ,{}]}\n',
    '{"nodes":[7]}\n',
  ])('is refused when something would be lost: %j', (text) => {
    expect(() => splitTree('id', Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'TREE_NOT_REPEATABLE' }),
    );
  });
});

test.skipIf(noRestic !== undefined)(
  withRestic('what restic stored is rewritten, and restored by restic without it'),
  async () => {
    const folder = await temporaryFolder();
    const source = join(folder, 'source');
    const at = join(folder, 'repository');
    await makeNastyTree(source);
    await withTestRepository(at, 'init', async () => {});
    restic(at, ['backup', source, '--tag', 'a']);
    const [before] = await withTestRepository(at, 'open', (repository) => listSnapshots(repository));
    await withTestRepository(at, 'open', async (repository) => {
      const excludes = ['*.txt', 'sparse*'];
      expect(await rewrite(repository, { excludes: ['/nowhere'] })).toBe(0);
      expect(await rewrite(repository, { excludes, dryRun: true })).toBe(1);
      expect(await listSnapshots(repository)).toHaveLength(1);
      expect(await rewrite(repository, { excludes, newHost: 'other' })).toBe(1);
      await expect(rewrite(repository, {})).rejects.toMatchObject({ code: 'NOTHING_TO_REWRITE' });
    });
    const both = await withTestRepository(at, 'open', (repository) => listSnapshots(repository));
    // Of one time, so in no order.
    const after = both.find(({ id }) => id !== before?.id);
    expect(after).toMatchObject({ original: before?.id, hostname: 'other', tags: ['a', 'rewrite'] });
    expect(after?.tree).not.toBe(before?.tree);
    expect(restic(at, ['check', '--read-data'])).toContain('no errors were found');
    restic(at, [
      'restore',
      before?.id ?? '',
      '--target',
      join(folder, 'one'),
      '--exclude',
      '*.txt',
      '--exclude',
      'sparse*',
    ]);
    restic(at, ['restore', after?.id ?? '', '--target', join(folder, 'two')]);
    const loose = { ignore: ['linkTime', 'rootTime'] } as const;
    expect(await compareTrees(join(folder, 'one', source), join(folder, 'two', source), loose)).toEqual([]);
    await rm(join(folder, 'one'), { recursive: true });
  },
);

it('upgrades a sound repository of version 1, which then compresses', async () => {
  const folder = join(await temporaryFolder(), 'repository');
  const bucket = new DirectoryBucket(folder, { clock: systemClock });
  const options = {
    bucket,
    password: new Secret(testPassword),
    temporaryFolder: join(folder, '..'),
    clock: systemClock,
  };
  const old = await Repository.init({ ...options, version: 1, scryptCost: { n: 1024, r: 8, p: 1 } });
  expect(migrationsFor(old)).toMatchObject([{ name: 'upgrade_repo_v2' }]);
  await migrate(old, 'upgrade_repo_v2');
  await old.close();
  const upgraded = await Repository.open(options);
  expect([upgraded.version, upgraded.id, upgraded.polynomial]).toEqual([2, old.id, old.polynomial]);
  await expect(migrate(upgraded, 'upgrade_repo_v2')).rejects.toMatchObject({
    code: 'MIGRATION_NOT_APPLICABLE',
  });
  await upgraded.close();
  await bucket.close();
});
