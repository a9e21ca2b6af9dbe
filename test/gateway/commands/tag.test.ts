import { join } from 'node:path';
import { expect, it, test } from 'vitest';
import { listSnapshots } from '../../../gateway/commands/snapshots.js';
import { tag } from '../../../gateway/commands/tag.js';
import { encodeGoJson, parseGoJson } from '../../../gateway/repository/go-json.js';
import { noRestic, restic, withRestic, withTestRepository } from '../../support/restic.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const snapshot = {
  time: '2024-02-03T13:04:05.5+01:00',
  tree: 'ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8',
  paths: ['/data'],
  hostname: 'nas',
  tags: ['a', 'b'],
  field_to_come: { deep: [1, 'x'] },
};

it('changes tags and nothing else, and remembers the first id', async () => {
  await withTestRepository(join(await temporaryFolder(), 'repository'), 'init', async (repository) => {
    const id = await repository.saveSnapshot(encodeGoJson(snapshot));
    const [first] = await tag(repository, { add: ['c'], remove: ['a'] });
    expect(first).toMatchObject({ oldId: id });
    const [second] = await tag(repository, { snapshots: [first?.newId.slice(0, 16) ?? ''], set: [] });
    const stored = parseGoJson(await repository.loadSnapshot(second?.newId ?? ''));
    const { tags: _tags, ...rest } = snapshot;
    expect(stored).toEqual({ ...rest, original: id });
    expect(await tag(repository, { set: [] })).toEqual([]);
    expect(await listSnapshots(repository)).toHaveLength(1);
  });
});

it('wants either --set or the others', async () => {
  await withTestRepository(join(await temporaryFolder(), 'repository'), 'init', async (repository) => {
    await expect(tag(repository, {})).rejects.toMatchObject({ code: 'TAGS_UNCHANGED' });
    await expect(tag(repository, { set: ['a'], add: ['b'] })).rejects.toMatchObject({
      code: 'TAGS_UNCHANGED',
    });
  });
});

test.skipIf(noRestic !== undefined)(
  withRestic('stock restic reads what we tagged, and we what it tagged'),
  async () => {
    const folder = join(await temporaryFolder(), 'repository');
    const id = await withTestRepository(folder, 'init', async (repository) => {
      const saved = await repository.saveSnapshot(encodeGoJson(snapshot));
      await tag(repository, { add: ['ours'] });
      return saved;
    });
    restic(folder, ['tag', '--add', 'theirs']);
    const wanted = { original: id, tags: ['a', 'b', 'ours', 'theirs'], zoneSeconds: 3600 };
    expect(await withTestRepository(folder, 'open', (repository) => listSnapshots(repository))).toMatchObject(
      [wanted],
    );
  },
);
