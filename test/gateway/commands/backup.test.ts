import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { backup } from '../../../gateway/commands/backup.js';
import type { BackupEvent } from '../../../gateway/commands/backup-types.js';
import type { ListedNode } from '../../../gateway/commands/listed-node.js';
import { ls } from '../../../gateway/commands/ls.js';
import { restore } from '../../../gateway/commands/restore.js';
import { findSnapshot, listSnapshots, snapshotListing } from '../../../gateway/commands/snapshots.js';
import type { Repository } from '../../../gateway/repository/repository.js';
import { noise } from '../../support/nasty-tree.js';
import { withTestRepository } from '../../support/restic.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const common = { clock: systemClock, version: '9.9.9', countFirst: false } as const;

async function withRepository(
  work: (repository: Repository, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await temporaryFolder();
  await withTestRepository(join(folder, 'repo'), 'init', (repository) => work(repository, folder));
}

async function pathsIn(repository: Repository, snapshot = 'latest'): Promise<string[]> {
  const nodes: ListedNode[] = [];
  await ls(
    repository,
    { snapshot },
    {
      onNode: (node) => nodes.push(node),
      onError: (_path, error) => {
        throw error;
      },
    },
  );
  return nodes.map(({ path }) => path);
}

describe('a backup', () => {
  it('reads again only what changed', () =>
    withRepository(async (repository, folder) => {
      const source = join(folder, 'source');
      mkdirSync(join(source, 'deep'), { recursive: true });
      for (const name of ['a', 'b', 'deep/c']) writeFileSync(join(source, name), noise(100_000, name.length));
      await backup(repository, { ...common, paths: [source] });
      appendFileSync(join(source, 'b'), 'more');
      writeFileSync(join(source, 'new'), 'new');
      const actions = new Map<string, string>();
      const { summary } = await backup(repository, { ...common, paths: [source] }, (event) => {
        if (event.type === 'item') actions.set(event.path.slice(source.length), event.action);
      });
      expect(summary).toMatchObject({ files_new: 1, files_changed: 1, files_unmodified: 2, data_blobs: 2 });
      expect(Object.fromEntries(actions)).toMatchObject({
        '/a': 'unmodified',
        '/b': 'changed',
        '/deep/c': 'unmodified',
        '/deep': 'unmodified',
        '/new': 'new',
        '': 'changed',
      });
    }));

  it('sees a change that kept size and modification time', () =>
    withRepository(async (repository, folder) => {
      const file = join(folder, 'file');
      writeFileSync(file, 'one');
      await backup(repository, { ...common, paths: [file] });
      const { mtime } = statSync(file);
      writeFileSync(file, 'two');
      utimesSync(file, mtime, mtime);
      const { summary } = await backup(repository, { ...common, paths: [file] });
      expect(summary).toMatchObject({ files_changed: 1, data_blobs: 1 });
    }));

  it('names its paths, host, tags and time, and chooses its parent by host and paths', () =>
    withRepository(async (repository, folder) => {
      const [a, b] = [join(folder, 'a'), join(folder, 'b')];
      writeFileSync(a, 'a');
      writeFileSync(b, 'b');
      const options = { ...common, workingFolder: folder, host: 'nas', tags: ['x', 'y'] };
      const first = await backup(repository, { ...options, paths: ['a'], timeNs: 1_000_000_000n });
      const second = await backup(repository, { ...options, paths: [a, b], timeNs: 2_000_000_000n });
      const third = await backup(repository, {
        ...options,
        paths: [`${folder}/./a`],
        timeNs: 3_000_000_000n,
      });
      const other = await backup(repository, { ...options, paths: [a], host: 'pi' });
      expect(first.parent).toBeUndefined();
      expect(second.parent).toBeUndefined();
      // As in restic, a snapshot of more paths will do.
      expect(third.parent).toBe(second.summary.snapshot_id);
      expect(other.parent).toBeUndefined();
      const found = await findSnapshot(repository, 'latest', { hosts: ['nas'], tags: ['z', 'x,y'] });
      expect(snapshotListing(found)).toMatchObject({
        time: '1970-01-01T00:00:03Z',
        paths: [a],
        hostname: 'nas',
        tags: ['x', 'y'],
        program_version: 'gatehouse 9.9.9',
        summary: { files_unmodified: 1 },
        short_id: found.id.slice(0, 8),
      });
      expect(await listSnapshots(repository, { latest: 1 })).toHaveLength(3);
      expect(await pathsIn(repository, first.summary.snapshot_id)).toEqual(['/a']);
    }));

  it('tells what it cannot read and stores the rest', () =>
    withRepository(async (repository, folder) => {
      writeFileSync(join(folder, 'fine'), 'fine');
      const errors: BackupEvent[] = [];
      const paths = [join(folder, 'fine'), '/proc/self/mem', join(folder, 'absent')];
      const result = await backup(repository, { ...common, paths }, (event) => {
        if (event.type === 'error') errors.push(event);
      });
      expect(result.errorCount).toBe(2);
      expect(errors).toHaveLength(2);
      expect(errors).toEqual(
        expect.arrayContaining([
          expect.objectContaining({
            path: '/proc/self/mem',
            error: expect.objectContaining({ code: 'FILE_FAILED' }),
          }),
          expect.objectContaining({
            path: join(folder, 'absent'),
            error: expect.objectContaining({ code: 'TARGET_UNREADABLE' }),
          }),
        ]),
      );
      expect(result.summary.files_new).toBe(1);
      await expect(backup(repository, { ...common, paths: [join(folder, 'absent')] })).rejects.toMatchObject({
        code: 'NOTHING_TO_BACK_UP',
      });
    }));

  it('stores nothing in a dry run but tells what it would', () =>
    withRepository(async (repository, folder) => {
      const file = join(folder, 'file');
      writeFileSync(file, noise(3_000_000, 7));
      const { summary } = await backup(repository, { ...common, paths: [file], dryRun: true });
      expect(summary).toMatchObject({ dry_run: true, files_new: 1 });
      expect(summary.data_added).toBeGreaterThan(3_000_000);
      expect(summary.snapshot_id).toBeUndefined();
      expect(await listSnapshots(repository)).toEqual([]);
    }));

  it('stores a stream as a file', () =>
    withRepository(async (repository, folder) => {
      const content = noise(2_500_000, 8);
      const pieces = [content.subarray(0, 10), content.subarray(10, 1_000_000), content.subarray(1_000_000)];
      const stdin = { stream: Readable.from(pieces), fileName: 'dumps/db.sql' };
      const { summary } = await backup(repository, { ...common, paths: [], stdin });
      expect(summary).toMatchObject({ files_new: 1, total_bytes_processed: content.length });
      expect(await pathsIn(repository)).toEqual(['/dumps', '/dumps/db.sql']);
      const target = join(folder, 'out');
      const result = await restore(repository, { ...common, snapshot: 'latest', target, verify: true });
      expect(result).toMatchObject({ errorCount: 0, filesVerified: 1 });
    }));

  it('goes a thousand folders deep, and back', { timeout: 60_000 }, () =>
    withRepository(async (repository, folder) => {
      const source = join(folder, 's');
      mkdirSync(join(source, 'd/'.repeat(1000)), { recursive: true });
      writeFileSync(join(source, 'd/'.repeat(1000), 'f'), 'bottom');
      const { summary } = await backup(repository, { ...common, paths: ['s'], workingFolder: folder });
      expect(summary).toMatchObject({ files_new: 1, dirs_new: 1001 });
      const result = await restore(repository, { ...common, snapshot: 'latest', target: join(folder, 'o') });
      expect(result.errorCount).toBe(0);
      expect(statSync(join(folder, 'o/s', 'd/'.repeat(1000), 'f')).size).toBe(6);
    }),
  );

  it('hangs paths up under their folders as restic does', () =>
    withRepository(async (repository, folder) => {
      for (const name of ['x/1', 'y/x/2', 'y/z']) mkdirSync(join(folder, name), { recursive: true });
      const options = { ...common, workingFolder: join(folder, 'y') };
      await backup(repository, { ...options, paths: ['x/2', '../x/1', 'z', 'z'] });
      expect(await pathsIn(repository)).toEqual(['/x', '/x/2', '/x-1', '/x-1/1', '/z']);
      await backup(repository, { ...options, paths: ['.'] });
      expect(await pathsIn(repository)).toEqual(['/x', '/x/2', '/z']);
    }));

  it('notes a file that changes while it is read', () =>
    withRepository(async (repository, folder) => {
      const file = join(folder, 'file');
      writeFileSync(file, noise(12_000_000, 9));
      const warnings: BackupEvent[] = [];
      const result = await backup(repository, { ...common, paths: [file] }, (event) => {
        if (event.type === 'progress' && event.bytesDone > 0 && event.bytesDone < 12_000_000) {
          appendFileSync(file, 'more');
        }
        if (event.type === 'warning') warnings.push(event);
      });
      expect(warnings).toMatchObject([{ path: file, message: 'The file changed while it was read.' }]);
      expect(result.errorCount).toBe(0);
      const again = await backup(repository, { ...common, paths: [file] });
      expect(again.summary.files_changed).toBe(1);
    }));

  it('ends with INTERRUPTED when told to, and writes no snapshot', () =>
    withRepository(async (repository, folder) => {
      const file = join(folder, 'file');
      writeFileSync(file, noise(6_000_000, 10));
      const stop = new AbortController();
      const running = backup(repository, { ...common, paths: [file], signal: stop.signal }, (event) => {
        if (event.type === 'progress') stop.abort();
      });
      await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
      expect(await listSnapshots(repository)).toEqual([]);
    }));

  it('leaves out a file that goes away between listing and reading', () =>
    withRepository(async (repository, folder) => {
      const source = join(folder, 'source');
      mkdirSync(source);
      for (const name of ['a', 'b', 'c']) writeFileSync(join(source, name), name);
      symlinkSync('a', join(source, 'link'));
      const result = await backup(repository, { ...common, paths: [source] }, (event) => {
        // Told while the folder is walked, before its files are read.
        if (event.type !== 'item' || !event.path.endsWith('/link')) return;
        rmSync(join(source, 'b'));
        renameSync(join(source, 'c'), join(folder, 'elsewhere'));
      });
      expect(result).toMatchObject({ errorCount: 0, summary: { files_new: 1 } });
    }));
});
