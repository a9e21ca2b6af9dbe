/**
 * Repositories made to harm whoever reads them. Every command ends by itself with a code that the
 * help lists, a sentence and no stack trace; writes nothing outside the target; takes less than
 * 400 MB and fifteen seconds of CPU time.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { backup } from '../../gateway/commands/backup.js';
import { findSnapshot } from '../../gateway/commands/snapshots.js';
import { keyOf } from '../../gateway/repository/layout.js';
import type { Repository } from '../../gateway/repository/repository.js';
import type { TreeNode } from '../../gateway/tree/node.js';
import { encodeSnapshot, type StoredSnapshot } from '../../gateway/tree/snapshot.js';
import { decodeTree, encodeTree } from '../../gateway/tree/tree.js';
import { gatehouse } from '../support/gatehouse-cli.js';
import { testPassword, withTestRepository } from '../support/restic.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const memoryLimitMiB = 400;
/** A quiet machine takes 6 at most; beside other tests the same work takes up to twice that. */
const cpuLimitSeconds = 15;
const gibibyte = 1024 ** 3;

interface Craft {
  readonly repository: Repository;
  /** Of the repository, on disk. */
  readonly where: string;
  readonly outside: string;
  readonly base: StoredSnapshot;
  /** An honest file and folder, to make others of. */
  readonly file: TreeNode;
  readonly folder: TreeNode;
  tree(nodes: readonly TreeNode[]): Promise<string>;
}

type Make = (craft: Craft) => Promise<string | undefined>;

/** @returns the id of the hostile snapshot's tree; undefined when the harm lies elsewhere. */
const cases: Record<string, Make> = {
  'names that lead elsewhere, and names that are there twice': async ({ tree, file, folder, outside }) => {
    const names = ['..', '.', '', '../evil', 'a/../../evil', '/etc/gatehouse-evil', 'nul\0', 'a/b'];
    const evil = await tree([{ ...file, name: Buffer.from('evil') }]);
    const link = { ...file, type: 'symlink', content: null, linkTarget: Buffer.from(outside) };
    return tree([
      ...names.map((name) => ({ ...file, name: Buffer.from(name) })),
      ...names.map((name) => ({ ...folder, name: Buffer.from(name), subtree: evil })),
      { ...link, name: Buffer.from('through') },
      { ...folder, name: Buffer.from('through'), subtree: evil },
      { ...link, name: Buffer.from('over') },
      { ...file, name: Buffer.from('over') },
    ]);
  },
  'ten thousand folders in one another': async ({ tree, file, folder }) => {
    let inner = await tree([file]);
    for (let depth = 0; depth < 10_000; depth++) inner = await tree([{ ...folder, subtree: inner }]);
    return inner;
  },
  'a few folders that stand for a billion billion': async ({ tree, file, folder }) => {
    let inner = await tree([{ ...file, links: 2, inode: 7n, deviceId: 1n }]);
    const names = Array.from('abcdefghij', (name) => Buffer.from(name));
    for (let depth = 0; depth < 18; depth++) {
      const subtree = inner;
      inner = await tree(names.map((name) => ({ ...folder, name, subtree })));
    }
    return inner;
  },
  'a folder that its index says is in itself': async ({ repository, tree, folder }) => {
    const id = 'a'.repeat(64);
    const nodes = encodeTree([{ ...folder, subtree: id }]);
    await saveSealed(repository, 'tree', id, Buffer.from(nodes), 0);
    return tree([{ ...folder, subtree: id }]);
  },
  'sizes beyond all bounds': async ({ tree, file }) =>
    tree([
      { ...file, name: Buffer.from('a'), sizeBytes: 2 ** 60, content: [] },
      { ...file, name: Buffer.from('b'), sizeBytes: 2 ** 60 },
      { ...file, name: Buffer.from('c'), inode: 2n ** 64n - 1n, links: 2 ** 32 - 1, uid: 2 ** 32 - 1 },
      { ...file, name: Buffer.from('d'), mode: 0xffffffff, mtimeNs: 2n ** 62n },
    ]),
  'a file of twenty thousand times the same chunk': async ({ repository, tree, file }) => {
    const { id } = await repository.saveBlob('data', randomBytes(20));
    return tree([{ ...file, content: Array.from({ length: 20_000 }, () => id), sizeBytes: 400_000 }]);
  },
  'a chunk that bursts': async ({ repository, tree, file }) => {
    const id = 'b'.repeat(64);
    await saveSealed(repository, 'data', id, burst(gibibyte), gibibyte);
    return tree([{ ...file, content: [id], sizeBytes: gibibyte }]);
  },
  'a folder’s record that bursts': async ({ repository, tree, folder }) => {
    const id = 'c'.repeat(64);
    await saveSealed(repository, 'tree', id, burst(gibibyte), gibibyte);
    return tree([{ ...folder, subtree: id }]);
  },
  'snapshots that burst': async ({ repository, where }) => {
    for (let n = 1; n <= 20; n++) plant(repository, where, 'snapshot', burst(gibibyte / n));
    return undefined;
  },
  'indexes that burst': async ({ repository, where }) => {
    for (let n = 1; n <= 20; n++) plant(repository, where, 'index', burst(gibibyte / n));
    return undefined;
  },
};

/** A frame of RLE blocks: four bytes stand for 128 KiB. RFC 8878, 3.1.1.2. */
function burst(sizeBytes: number): Buffer {
  const block = 128 * 1024;
  const count = Math.ceil(sizeBytes / block);
  const blocks = Buffer.alloc(4 * count, ' ');
  for (let at = 0; at < count; at++)
    blocks.writeUIntLE((block * 8) | 2 | (at === count - 1 ? 1 : 0), at * 4, 3);
  return Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x50), blocks]);
}

async function saveSealed(
  repository: Repository,
  type: 'data' | 'tree',
  id: string,
  content: Buffer,
  uncompressedLength: number,
): Promise<void> {
  const sealed = repository.stores.sealer.seal(content);
  const blob = { type, id, offset: 0, length: sealed.length, uncompressedLength };
  await repository.maintenance.moveBlob(blob, sealed);
}

function plant(repository: Repository, where: string, kind: 'snapshot' | 'index', frame: Buffer): void {
  const sealed = repository.stores.sealer.seal(Buffer.concat([Buffer.of(2), frame]));
  const key = keyOf(kind, createHash('sha256').update(sealed).digest('hex'));
  mkdirSync(join(where, key, '..'), { recursive: true });
  writeFileSync(join(where, key), sealed);
}

/** Has the process tell what it took. */
const witness = `import { writeFileSync } from 'node:fs';
process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  writeFileSync(process.env.WITNESS, JSON.stringify({ maxRSS, cpu: userCPUTime + systemCPUTime }));
});`;

interface Scene {
  readonly folder: string;
  readonly where: string;
  readonly base: string;
  readonly hostile: string;
}

async function makeScene(make: Make): Promise<Scene> {
  const folder = await temporaryFolder('hostile');
  const outside = join(folder, 'outside');
  const where = join(folder, 'repository');
  mkdirSync(join(folder, 's/sub'), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(outside, 'precious'), 'precious');
  writeFileSync(join(folder, 's/sub/file'), 'hello');
  writeFileSync(join(folder, 'witness.mjs'), witness);
  await withTestRepository(join(folder, 'target'), 'init', async () => {});
  return withTestRepository(where, 'init', async (repository) => {
    const run = { clock: systemClock, version: '0', paths: ['s'], workingFolder: folder, workers: 1 };
    await backup(repository, run);
    const base = await findSnapshot(repository, 'latest');
    const nodesOf = async (id: string) => decodeTree(await repository.loadBlob('tree', id));
    const [top] = await nodesOf(base.tree);
    const [sub] = await nodesOf(top!.subtree!);
    const [file] = await nodesOf(sub!.subtree!);
    const tree = async (nodes: readonly TreeNode[]) =>
      (await repository.saveBlob('tree', encodeTree(nodes))).id;
    const made = await make({ repository, where, outside, base, file: file!, folder: sub!, tree });
    const { id, ...rest } = base;
    const hostile =
      made === undefined ? id : await repository.saveSnapshot(encodeSnapshot({ ...rest, tree: made }));
    return { folder, where, base: id, hostile };
  });
}

const commands: Record<string, (scene: Scene) => string[]> = {
  check: () => ['check', '--read-data'],
  ls: ({ hostile }) => ['ls', hostile],
  find: () => ['find', '*'],
  stats: () => ['stats'],
  'stats of blobs': () => ['stats', '--mode', 'blobs-per-file'],
  diff: ({ base, hostile }) => ['diff', base, hostile],
  dump: ({ hostile }) => ['dump', hostile, '/'],
  copy: ({ folder, where }) => ['copy', '--from-repo', where, '-r', join(folder, 'target')],
  restore: ({ folder, hostile }) => ['restore', hostile, '--target', join(folder, 'out/deep')],
  prune: () => ['prune', '--max-unused', '0'],
};

describe.each(Object.entries(cases))('%s', (_name, make) => {
  test('harms no command', async () => {
    const scene = await makeScene(make);
    const { folder, where } = scene;
    const etc = readdirSync('/etc').length;
    const told: string[] = [];
    for (const [name, argsOf] of Object.entries(commands)) {
      const args = argsOf(scene);
      const witnessed = join(folder, 'witnessed');
      const env = {
        GATEHOUSE_PASSWORD: testPassword,
        GATEHOUSE_FROM_PASSWORD: testPassword,
        NODE_OPTIONS: `--import ${join(folder, 'witness.mjs')}`,
        WITNESS: witnessed,
      };
      const { code, stderr } = await gatehouse(args.includes('-r') ? args : [...args, '-r', where], { env });
      const { maxRSS, cpu } = JSON.parse(readFileSync(witnessed, 'utf8')) as { maxRSS: number; cpu: number };
      told.push(`${name} ${code}, ${Math.round(maxRSS / 1024)} MiB, ${Math.round(cpu / 1e5) / 10} s`);
      expect.soft([0, 1, 3], `${name}: ${stderr.slice(0, 2000)}`).toContain(code);
      expect.soft(stderr.slice(0, 20_000), name).not.toMatch(/^\s+at |RangeError|ERR_|heap/m);
      expect.soft(maxRSS / 1024, `${name}, MiB`).toBeLessThan(memoryLimitMiB);
      expect.soft(cpu / 1e6, `${name}, seconds`).toBeLessThan(cpuLimitSeconds);
    }
    console.log(told.join('; '));
    expect(readdirSync(folder).sort()).toEqual(
      ['out', 'outside', 'repository', 's', 'spool', 'target', 'witness.mjs', 'witnessed'].filter(
        (name) => name !== 'out' || readdirSync(folder).includes('out'),
      ),
    );
    expect(readdirSync(join(folder, 'outside'))).toEqual(['precious']);
    expect(readdirSync('/etc').length).toBe(etc);
  });
});
