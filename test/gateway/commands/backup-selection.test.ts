/** What is left out of a backup, compared with what stock restic leaves out when told the same. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { backup } from '../../../gateway/commands/backup.js';
import type { BackupOptions } from '../../../gateway/commands/backup-types.js';
import { commandOutput } from '../../../gateway/files/command-output.js';
import { noRestic, restic, withRestic, withTestRepository } from '../../support/restic.js';

let folder: string;
let source: string;
let repositoryFolder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-'));
  source = join(folder, 'source');
  repositoryFolder = join(folder, 'repository');
  const files = [
    'a/x.o',
    'a/x.c',
    'a/deep/er/x.O',
    'b/.nobackup',
    'b/data',
    'b/sub/data',
    'c/big',
    'c/Cache/1',
  ];
  for (const file of files) {
    mkdirSync(join(source, file, '..'), { recursive: true });
    writeFileSync(join(source, file), file === 'c/big' ? 'x'.repeat(2_000) : 'small');
  }
  symlinkSync('y'.repeat(1_500), join(source, 'c/link'));
  await withTestRepository(repositoryFolder, 'init', async () => {});
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Given = Partial<BackupOptions>;

async function store(options: Given) {
  return withTestRepository(repositoryFolder, 'open', (repository) =>
    backup(repository, {
      paths: [source],
      clock: systemClock,
      version: 'test',
      countFirst: false,
      ...options,
    }),
  );
}

const listed = (snapshot: string) => restic(repositoryFolder, ['ls', snapshot]).split('\n').slice(1).sort();

describe.skipIf(noRestic)(withRestic('a backup leaves out what restic leaves out'), () => {
  it.each<[string[], Given]>([
    [['--exclude', '*.o', '--iexclude', 'CACHE'], { excludes: ['*.o'], insensitiveExcludes: ['CACHE'] }],
    [['-e', '*', '-e', '!a', '-e', '!*.c'], { excludes: ['*', '!a', '!*.c'] }],
    [['-e', 'a/**/x.*', '-e', '!x.c'], { excludes: ['a/**/x.*', '!x.c'] }],
    [
      ['--exclude-if-present', '.nobackup:sma', '--exclude-if-present', 'x.c:no'],
      {
        excludeIfPresent: [
          { fileName: '.nobackup', header: 'sma' },
          { fileName: 'x.c', header: 'no' },
        ],
      },
    ],
    [['--exclude-larger-than', '1k'], { excludeLargerThan: 1_024 }],
  ])('%j', async (flags, options) => {
    const [theirs] = restic(repositoryFolder, ['backup', ...flags, source, '--json'])
      .trim()
      .split('\n')
      .slice(-1);
    const ours = await store(options);
    const { snapshot_id: id } = JSON.parse(theirs ?? '') as { snapshot_id: string };
    expect(listed(ours.summary.snapshot_id ?? '')).toEqual(listed(id));
  });
});

describe('a backup', () => {
  it('keeps the folders above a starting point that is itself left out', async () => {
    const { summary, errorCount } = await store({ paths: [join(source, 'a')], excludes: ['a'] });
    expect(errorCount).toBe(0);
    expect(summary).toMatchObject({ total_files_processed: 0, snapshot_id: expect.any(String) });
  });

  it('saves no snapshot of what has not changed, when told so', async () => {
    // Folders above a whole path are everybody's, and change while other tests run.
    const calm = { host: 'calm', paths: ['source'], workingFolder: folder };
    await store(calm);
    const { summary } = await store({ ...calm, skipIfUnchanged: true });
    expect(summary.snapshot_id).toBeUndefined();
    writeFileSync(join(source, 'c/new'), '');
    expect((await store({ ...calm, skipIfUnchanged: true })).summary.snapshot_id).toBeDefined();
  });

  it('chooses its parent among the group it is told', async () => {
    const first = await store({ host: 'one', tags: ['t'] });
    expect((await store({ host: 'two' })).parent).toBeUndefined();
    const groupBy = { tags: true };
    expect((await store({ host: 'three', tags: ['t'], groupBy })).parent).toBe(first.summary.snapshot_id);
  });

  it('makes no snapshot of a command that fails, and one of a command that does not', async () => {
    const { signal } = new AbortController();
    const run = (script: string) =>
      store({ stdin: { stream: commandOutput(['sh', '-c', script], signal), fileName: 'dump' } });
    await expect(run('echo half; exit 7')).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
    await expect(run('kill -9 $$')).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
    expect((await run('echo whole')).summary.total_bytes_processed).toBe(6);
  });
});
