import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { backup } from '../../../gateway/commands/backup.js';
import type { BackupOptions } from '../../../gateway/commands/backup-types.js';
import { findSnapshot } from '../../../gateway/commands/snapshots.js';
import type { Repository } from '../../../gateway/repository/repository.js';
import { noise } from '../../support/nasty-tree.js';
import { withTestRepository } from '../../support/restic.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** A clock that runs a minute ahead: what the test has just written is old to the backup. */
const later = { ...systemClock, now: () => systemClock.now() + 60_000 };
const common = { clock: later, version: 'test', countFirst: false } as const;

interface Place {
  readonly repository: Repository;
  readonly folder: string;
  readonly source: string;
  readonly options: BackupOptions;
  /** Trees that were loaded since the last call. */
  treesLoaded(): number;
}

function withPlace(work: (place: Place) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = await temporaryFolder();
    const source = join(folder, 'source');
    mkdirSync(join(source, 'deep/deeper'), { recursive: true });
    mkdirSync(join(source, 'other'));
    for (const name of ['a', 'deep/b', 'deep/deeper/c', 'other/d']) writeFileSync(join(source, name), name);
    symlinkSync('a', join(source, 'link'));
    await withTestRepository(join(folder, 'repo'), 'init', async (repository) => {
      let loaded = 0;
      const loadBlob = repository.loadBlob.bind(repository);
      repository.loadBlob = (...args) => {
        if (args[0] === 'tree') loaded += 1;
        return loadBlob(...args);
      };
      const options = {
        ...common,
        paths: ['source'],
        workingFolder: folder,
        memoryFolder: join(folder, 'memory'),
      };
      const treesLoaded = () => {
        const count = loaded;
        loaded = 0;
        return count;
      };
      await work({ repository, folder, source, options, treesLoaded });
    });
  };
}

const changed = { dirs_changed: 0, files_changed: 0, data_blobs: 0, tree_blobs: 0 };
const all = { files_unmodified: 4, dirs_unmodified: 4 };

describe('folders that are remembered', () => {
  it(
    'are not loaded again while nothing changes, and give the same tree',
    withPlace(async ({ repository, options, treesLoaded }) => {
      const first = await backup(repository, options);
      treesLoaded();
      for (let round = 0; round < 2; round++) {
        const { summary } = await backup(repository, options);
        expect(summary).toMatchObject({ ...changed, ...all });
        expect(summary.total_bytes_processed).toBe(first.summary.total_bytes_processed);
        // The root tree alone, which hangs the paths up.
        expect(treesLoaded()).toBe(1);
      }
    }),
  );

  it(
    'are stored anew along the path to a change, and nowhere else',
    withPlace(async ({ repository, source, options, treesLoaded }) => {
      await backup(repository, options);
      writeFileSync(join(source, 'deep/deeper/c'), 'changed');
      treesLoaded();
      const { summary } = await backup(repository, options);
      expect(summary).toMatchObject({ files_changed: 1, files_unmodified: 3, data_blobs: 1, tree_blobs: 4 });
      expect(treesLoaded()).toBe(4);
      const plain = await backup(repository, { ...options, memoryFolder: join(source, '../elsewhere') });
      expect(plain.summary).toMatchObject({ ...changed, ...all });
    }),
  );

  it(
    'show a change that brought size and modification time back',
    withPlace(async ({ repository, source, options }) => {
      await backup(repository, options);
      const { mtime } = statSync(join(source, 'other/d'));
      writeFileSync(join(source, 'other/d'), 'OTHER/D');
      utimesSync(join(source, 'other/d'), mtime, mtime);
      const { summary } = await backup(repository, options);
      expect(summary).toMatchObject({ files_changed: 1, data_blobs: 1 });
    }),
  );

  it(
    'are looked at again when they are as young as the backup that read them',
    withPlace(async ({ repository, options, treesLoaded }) => {
      const early = { ...systemClock, now: () => systemClock.now() - 60_000 };
      const young = { ...options, clock: early };
      await backup(repository, young);
      treesLoaded();
      const { summary } = await backup(repository, young);
      expect(summary).toMatchObject(changed);
      expect(treesLoaded()).toBeGreaterThan(1);
    }),
  );

  it(
    'do not stand in the way of a forced backup, another parent or other excludes',
    withPlace(async ({ repository, source, options }) => {
      const first = await backup(repository, options);
      const forced = await backup(repository, { ...options, force: true });
      expect(forced.summary).toMatchObject({ files_new: 4, data_blobs: 0, tree_blobs: 0 });
      const excluding = await backup(repository, { ...options, excludes: ['b'] });
      expect(excluding.summary).toMatchObject({ files_unmodified: 3, tree_blobs: 3 });
      writeFileSync(join(source, 'a'), 'more');
      const onFirst = await backup(repository, { ...options, parent: first.summary.snapshot_id! });
      expect(onFirst.summary).toMatchObject({ files_changed: 1, files_unmodified: 3 });
    }),
  );

  it(
    'are read to the last byte by a forced backup, and described anew only where something differs',
    withPlace(async ({ repository, source, options }) => {
      const first = await backup(repository, options);
      const treeOf = async (id: string) => (await findSnapshot(repository, id)).tree;
      const before = await treeOf(first.summary.snapshot_id!);
      let bytesDone = 0;
      const forced = await backup(repository, { ...options, force: true }, (event) => {
        if (event.type === 'progress') bytesDone = event.bytesDone;
      });
      expect(bytesDone).toBe(27);
      expect(await treeOf(forced.summary.snapshot_id!)).toBe(before);
      chmodSync(join(source, 'deep/b'), 0o600);
      const mode = await backup(repository, { ...options, force: true });
      expect(mode.summary).toMatchObject({ files_new: 4, data_blobs: 0, tree_blobs: 3 });
      writeFileSync(join(source, 'deep/deeper/c'), 'other');
      const changedFile = await backup(repository, { ...options, force: true });
      expect(changedFile.summary).toMatchObject({ files_new: 4, data_blobs: 1, tree_blobs: 4 });
      const { memoryFolder: _, ...forgetful } = options;
      const anew = await backup(repository, { ...forgetful, force: true });
      expect(anew.summary).toMatchObject({ files_new: 4, data_blobs: 0, tree_blobs: 0 });
    }),
  );

  it(
    'are forgotten when the memory is damaged or gone',
    withPlace(async ({ repository, folder, options }) => {
      await backup(repository, options);
      const place = join(folder, 'memory', repository.id, 'backups');
      const name = readdirSync(place).find((file) => file.startsWith('folders-'))!;
      for (const damage of [
        (bytes: Buffer) => bytes.subarray(0, -1),
        (bytes: Buffer) => bytes.fill(0xff, 200, 201),
        () => Buffer.alloc(0),
      ]) {
        writeFileSync(join(place, name), damage(readFileSync(join(place, name))));
        const { summary } = await backup(repository, options);
        expect(summary).toMatchObject({ ...changed, ...all });
      }
    }),
  );
});

describe('a backup that was interrupted', () => {
  it(
    'does not read again what an index holds',
    withPlace(async ({ repository, source, options }) => {
      for (let number = 0; number < 6; number++) {
        writeFileSync(join(source, `large${number}`), noise(6_000_000, number));
      }
      const stop = new AbortController();
      const running = backup(repository, { ...options, workers: 1, signal: stop.signal }, (event) => {
        if (event.type === 'item' && event.path.endsWith('large3')) stop.abort();
      });
      await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
      await repository.flush();
      let bytesRead = 0;
      const read = repository.startEngine.bind(repository);
      repository.startEngine = async (started) => {
        const engine = await read(started);
        const readLarge = engine.readLarge.bind(engine);
        engine.readLarge = (path, onPiece) =>
          readLarge(path, (sizeBytes) => {
            bytesRead += sizeBytes;
            onPiece(sizeBytes);
          });
        return engine;
      };
      const { summary } = await backup(repository, options);
      expect(summary.files_new).toBe(10);
      expect(bytesRead).toBeGreaterThan(0);
      expect(bytesRead).toBeLessThan(20_000_000);
    }),
  );

  it(
    'trusts its journal for nothing that is not in the index, nor behind a torn end',
    withPlace(async ({ repository, folder, source, options }) => {
      writeFileSync(join(source, 'large'), noise(3_000_000, 1));
      const stop = new AbortController();
      const running = backup(repository, { ...options, signal: stop.signal }, (event) => {
        if (event.type === 'item' && event.path.endsWith('large')) stop.abort();
      });
      await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
      const place = join(folder, 'memory', repository.id, 'backups');
      const name = readdirSync(place).find((file) => file.startsWith('files-'))!;
      writeFileSync(join(place, name), Buffer.concat([readFileSync(join(place, name)), Buffer.alloc(50, 7)]));
      await withTestRepository(join(folder, 'repo'), 'open', async (again) => {
        const { summary } = await backup(again, options);
        expect(summary).toMatchObject({ files_new: 5 });
        expect(summary.data_added).toBeGreaterThan(3_000_000);
      });
    }),
  );
});
