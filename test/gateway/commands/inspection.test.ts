/** find, diff, stats, ls and snapshots, against what stock restic prints for the same repository. */
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DiffChange, diff } from '../../../gateway/commands/diff.js';
import { find } from '../../../gateway/commands/find.js';
import { type FoundObject, findObjects } from '../../../gateway/commands/find-objects.js';
import type { FoundNode, ListedNode } from '../../../gateway/commands/listed-node.js';
import { type LsOptions, ls } from '../../../gateway/commands/ls.js';
import { listSnapshots, snapshotListing } from '../../../gateway/commands/snapshots.js';
import { stats, statsModes } from '../../../gateway/commands/stats.js';
import { encodeGoJson } from '../../../gateway/repository/go-json.js';
import type { Repository } from '../../../gateway/repository/repository.js';
import { noRestic, openTestRepository, restic, withRestic } from '../../support/restic.js';

let folder: string;
let repositoryFolder: string;
let repository: Repository;
let close: () => Promise<void>;
let first: string;
let second: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-'));
  repositoryFolder = join(folder, 'repository');
  ({ repository, close } = await openTestRepository(repositoryFolder, 'init'));
  if (noRestic !== undefined) return;
  const at = (name: string) => join(folder, 't', name);
  for (const name of ['kept/deep', 'bar', 'foo/sub']) mkdirSync(at(name), { recursive: true });
  writeFileSync(at('kept/deep/same'), 'shared content');
  writeFileSync(at('bar/b'), 'one');
  writeFileSync(at('bar/empty'), '');
  writeFileSync(at('foo/a'), 'one');
  linkSync(at('foo/a'), at('foo/second-name'));
  symlinkSync('nowhere', at('bar/link'));
  const store = () =>
    JSON.parse(
      restic(repositoryFolder, ['backup', at(''), '--json'])
        .trim()
        .split('\n')
        .at(-1) ?? '',
    );
  first = store().snapshot_id;
  appendFileSync(at('bar/b'), ' more');
  rmSync(at('foo/a'));
  mkdirSync(at('foo/a'));
  writeFileSync(at('foo/a/was-a-file'), 'shared content');
  mkdirSync(at('new/x'), { recursive: true });
  writeFileSync(at('new/x/y'), 'y');
  utimesSync(at('new/x/y'), 1e9, 1e9);
  second = store().snapshot_id;
  const full = (JSON.parse(restic(repositoryFolder, ['snapshots', '--json'])) as { id: string }[]).map(
    ({ id }) => id,
  );
  first = full.find((id) => id.startsWith(first)) ?? '';
  second = full.find((id) => id.startsWith(second)) ?? '';
});

afterAll(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
});

const fail = (_path: string, error: unknown) => {
  throw error;
};
const theirs = (...args: string[]) => restic(repositoryFolder, [...args, '--json']).trim();
const lines = (text: string) => text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
const plain = (value: unknown) => JSON.parse(encodeGoJson(value as never)) as Record<string, unknown>;

describe.skipIf(noRestic)(withRestic('with a repository of stock restic'), () => {
  it.each([false, true])('diff tells the same, metadata: %s', async (metadata) => {
    for (const [from, to] of [
      [first, second],
      [second, first],
      [first, first],
    ] as const) {
      const changes: DiffChange[] = [];
      const options = { from: from.slice(0, 10), to, metadata };
      const { message_type, ...ours } = await diff(
        repository,
        options,
        (change) => changes.push(change),
        fail,
      );
      const expected = lines(theirs('diff', from, to, ...(metadata ? ['--metadata'] : [])));
      // What lies below a file that became a folder, restic 0.14 does not tell and not count.
      const below = changes.filter(({ path }) => path.endsWith('/was-a-file'));
      expect(changes.filter((change) => !below.includes(change))).toEqual(expected.slice(0, -1));
      expect(below).toHaveLength(from === to ? 0 : 1);
      const { added, removed, ...rest } = expected.at(-1) as typeof ours & { message_type: string };
      expect({ message_type, ...ours }).toMatchObject(rest);
      expect(ours.added.data_blobs).toBe(added.data_blobs);
      expect(ours.removed.data_blobs).toBe(removed.data_blobs);
      if (from === to) expect(ours).toMatchObject({ added, removed });
    }
  });

  it('diff compares folders of snapshots', async () => {
    const changes: string[] = [];
    const options = { from: `${first}:${folder}/t/kept`, to: `${second}:${folder}/t/new` };
    const { added } = await diff(
      repository,
      options,
      ({ modifier, path }) => changes.push(`${modifier} ${path}`),
      fail,
    );
    expect(changes).toEqual(['- /deep/', '- /deep/same', '+ /x/', '+ /x/y']);
    expect(added).toMatchObject({ files: 1, dirs: 1, data_blobs: 1 });
  });

  it.each(statsModes)('stats counts the same: %s', async (mode) => {
    // Which path restic counts for a content at several paths depends on the order of its snapshots.
    for (const snapshots of mode === 'blobs-per-file' ? [[second]] : [[], [second]]) {
      const ours = await stats(repository, { mode, snapshots }, fail);
      const [expected] = lines(theirs('stats', '--mode', mode, ...snapshots));
      if (mode === 'raw-data') delete expected?.['total_file_count'];
      expect(ours).toMatchObject(expected ?? {});
    }
    if (mode !== 'raw-data') return;
    const { compression_ratio = 0, compression_progress = 0 } = await stats(repository, { mode }, fail);
    expect(compression_ratio).toBeGreaterThan(1);
    expect(compression_progress).toBe(100);
  });

  it.each<[string[], object]>([
    [['b*'], { patterns: ['b*'] }],
    [['B', '*.none', '-i'], { patterns: ['B', '*.none'], ignoreCase: true }],
    [['y', 'b', '-N', '2010-01-01'], { patterns: ['y', 'b'], newestNs: 1_262_304_000n * 10n ** 9n }],
    [['y', 'b', '-O', '2010-01-01'], { patterns: ['y', 'b'], oldestNs: 1_262_304_000n * 10n ** 9n }],
    [['deep/same'], { patterns: ['deep/same'] }],
  ])('find %j finds the same', async (args, options) => {
    const found = new Map<string, FoundNode[]>();
    const onMatch = ({ id }: { id: string }, node: FoundNode) =>
      found.set(id, [...(found.get(id) ?? []), node]);
    await find(repository, { patterns: [], ...options }, onMatch, fail);
    const ours = [...found].map(([snapshot, nodes]) => ({
      matches: nodes.map(plain),
      hits: nodes.length,
      snapshot,
    }));
    const expected = JSON.parse(theirs('find', ...args)) as typeof ours;
    expect(ours).toEqual(expected.sort((a) => (a.snapshot === first ? -1 : 1)));
  });

  it('find takes an exclamation mark as it is', async () => {
    expect(await find(repository, { patterns: ['!b'] }, () => {}, fail)).toBe(0);
  });

  it('find tells what uses a blob, a tree and a pack', async () => {
    const look = async (kind: 'blob' | 'tree' | 'pack', id: string) => {
      const found: FoundObject[] = [];
      await findObjects(repository, { kind, ids: [id] }, (object) => found.push(object), fail);
      return found;
    };
    await repository.loadIndex();
    const [pack] = [...repository.indexedPacks()];
    const blob = repository.blobsOfPack(pack?.packId ?? '').find(({ type }) => type === 'data');
    const paths = (await look('blob', blob?.id.slice(0, 12) ?? '')).map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        (JSON.parse(theirs('find', '--blob', blob?.id ?? '')) as FoundObject[])[0]?.path,
      ]),
    );
    const root = (await listSnapshots(repository))[0]?.tree ?? '';
    expect(await look('tree', root)).toMatchObject([{ object_type: 'tree', path: '/', snapshot: first }]);
    const used = (await look('pack', pack?.packId.slice(0, 8) ?? '')).filter(({ id }) => id === blob?.id);
    expect(used).toEqual(await look('blob', blob?.id ?? ''));
    await expect(look('pack', 'ffffffffffff')).rejects.toMatchObject({ code: 'PACK_UNKNOWN' });
  });

  it.each<[string[], Partial<LsOptions>]>([
    [[], {}],
    [['bar'], { folders: ['bar'] }],
    [['foo', '--recursive'], { folders: ['foo'], recursive: true }],
  ])('ls %j lists the same', async (args, options) => {
    const nodes: ListedNode[] = [];
    const inside = (name: string) => (name.startsWith('-') ? name : join(folder, 't', name));
    const folders = (options.folders ?? []).map(inside);
    const handlers = { onNode: (node: ListedNode) => nodes.push(node), onError: fail };
    await ls(repository, { snapshot: second, ...options, folders }, handlers);
    const [, ...expected] = lines(theirs('ls', second, ...args.map(inside)));
    expect(nodes.map(plain)).toEqual(expected.map((node) => expect.objectContaining(node)));
  });

  it('ls sorts', async () => {
    const names: string[] = [];
    const handlers = {
      onNode: ({ type, name }: ListedNode) => (type === 'file' ? names.push(name) : 0),
      onError: fail,
    };
    await ls(repository, { snapshot: second, sort: 'size', reverse: true }, handlers);
    expect(names.slice(-2)).toEqual(['y', 'empty']);
    expect(names.slice(0, 2).sort()).toEqual(['same', 'was-a-file']);
  });

  it('snapshots shows the same', async () => {
    const ours = (await listSnapshots(repository)).map((snapshot) => plain(snapshotListing(snapshot)));
    expect(ours).toEqual(JSON.parse(theirs('snapshots')));
  });
});
