import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { silentLogger } from '../../../core/log.js';
import {
  ChangeJournal,
  type ChangeJournalOptions,
  type JournalTurn,
} from '../../../gateway/journal/change-journal.js';
import { Inotify } from '../../../gateway/journal/inotify.js';
import { mountsFrom } from '../../../gateway/journal/mounts.js';
import { FakeClock } from '../../support/fake-clock.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const probe = Inotify.open(() => {});
probe?.close();
const why = probe === undefined ? 'no inotify through koffi on this machine' : 'inotify';

/** A folder with `a/b` and `c`, and a journal over it. */
async function watched(options: Partial<ChangeJournalOptions> = {}, isLeftOut = (_folder: Buffer) => false) {
  const root = await temporaryFolder();
  mkdirSync(join(root, 'a', 'b'), { recursive: true });
  mkdirSync(join(root, 'c'));
  writeFileSync(join(root, 'a', 'b', 'file'), 'one');
  const journal = new ChangeJournal({
    clock: systemClock,
    log: silentLogger,
    ...options,
  });
  onTestFinished(() => journal.close());
  const begin = (settings = '') => journal.begin({ roots: [Buffer.from(root)], isLeftOut, settings });
  const backUp = async (snapshot: string, succeeds = true, settings = ''): Promise<JournalTurn> => {
    const turn = await begin(settings);
    if (succeeds) turn.succeeded(snapshot);
    return turn;
  };
  /** Which of the folders a backup would visit now. */
  const visits = (turn: JournalTurn, ...folders: string[]) => {
    expect(turn.reason).toBeUndefined();
    return folders.filter((folder) => !turn.changes.isUnchanged(join(root, folder)));
  };
  return { root, begin, backUp, visits };
}

describe.skipIf(probe === undefined)(`change journal (${why})`, () => {
  test('the first backup walks; the next visits only folders that changed, and those above them', async () => {
    const { root, backUp, visits } = await watched();
    expect((await backUp('one')).reason).toMatch(/just begun/);
    const second = await backUp('two');
    expect(second.baseSnapshot).toBe('one');
    expect(visits(second, '.', 'a', 'a/b', 'c')).toEqual([]);
    appendFileSync(join(root, 'a', 'b', 'file'), ' and more');
    const third = await backUp('three');
    expect(third.baseSnapshot).toBe('two');
    expect(visits(third, '.', 'a', 'a/b', 'c')).toEqual(['.', 'a', 'a/b']);
    expect(visits(await backUp('four'), '.', 'a', 'a/b', 'c')).toEqual([]);
  });

  const changes: [string, (root: string) => void, string[]][] = [
    ['a new file', (root) => writeFileSync(join(root, 'c', 'new'), ''), ['c']],
    ['a removed file', (root) => rmSync(join(root, 'a', 'b', 'file')), ['a/b']],
    ['another mode', (root) => chmodSync(join(root, 'a', 'b', 'file'), 0o600), ['a/b']],
    ['another mode of a folder', (root) => chmodSync(join(root, 'c'), 0o700), ['c']],
    ['another time', (root) => utimesSync(join(root, 'a', 'b', 'file'), 1, 1), ['a/b']],
    ['a moved folder', (root) => renameSync(join(root, 'a', 'b'), join(root, 'c', 'b')), ['a', 'c', 'c/b']],
    [
      'a tree that came at once',
      (root) => {
        mkdirSync(join(root, 'c', 'x', 'y'), { recursive: true });
        writeFileSync(join(root, 'c', 'x', 'y', 'deep'), '');
      },
      ['c', 'c/x', 'c/x/y'],
    ],
  ];
  test.each(changes)('%s is noticed', async (_what, change, expected) => {
    const { root, backUp, visits } = await watched();
    await backUp('one');
    change(root);
    const visited = visits(await backUp('two'), 'a', 'a/b', 'c', 'c/b', 'c/x', 'c/x/y');
    expect(visited).toEqual(expect.arrayContaining(expected));
  });

  test('after a move, changes below the new place are noticed, and below an old name used again', async () => {
    const { root, backUp, visits } = await watched();
    await backUp('one');
    renameSync(join(root, 'a', 'b'), join(root, 'c', 'b'));
    mkdirSync(join(root, 'a', 'b'));
    await backUp('two');
    appendFileSync(join(root, 'c', 'b', 'file'), '!');
    const third = await backUp('three');
    expect(visits(third, 'a/b', 'c/b')).toEqual(['c/b']);
    writeFileSync(join(root, 'a', 'b', 'again'), '');
    expect(visits(await backUp('four'), 'a/b', 'c/b')).toEqual(['a/b']);
  });

  test('what changes while a backup runs belongs to the next; a failed backup is as if it had not been', async () => {
    const { root, begin, backUp, visits } = await watched();
    await backUp('one');
    const running = await begin();
    appendFileSync(join(root, 'a', 'b', 'file'), '!');
    running.succeeded('two');
    writeFileSync(join(root, 'c', 'new'), '');
    const failed = await backUp('three', false);
    expect(visits(failed, 'a/b', 'c')).toEqual(['a/b', 'c']);
    const again = await backUp('three');
    expect(again.baseSnapshot).toBe('two');
    expect(visits(again, 'a/b', 'c')).toEqual(['a/b', 'c']);
  });

  test('a further name for a file, anywhere: a walk, for its other folder is not told', async () => {
    const { root, backUp } = await watched();
    await backUp('one');
    linkSync(join(root, 'a', 'b', 'file'), join(root, 'c', 'link'));
    expect((await backUp('two')).reason).toMatch(/further name/);
    const outside = await temporaryFolder();
    mkdirSync(join(outside, 'tree'));
    linkSync(join(root, 'a', 'b', 'file'), join(outside, 'tree', 'third'));
    await backUp('three');
    renameSync(join(outside, 'tree'), join(root, 'c', 'tree'));
    expect((await backUp('four')).reason).toMatch(/further name/);
  });

  test('folders with files that have other names are visited always', async () => {
    const { root, begin, backUp, visits } = await watched();
    const first = await begin();
    first.changes.visitAlways(join(root, 'a', 'b'));
    first.succeeded('one');
    const second = await begin();
    expect(visits(second, 'a', 'a/b', 'c')).toEqual(['a', 'a/b']);
    second.succeeded('two');
    expect(visits(await backUp('three'), 'a/b')).toEqual(['a/b']);
  });

  test('a root that goes away, too many folders, or left-out folders: a walk, or nothing', async () => {
    const gone = await watched();
    await gone.backUp('one');
    rmSync(gone.root, { recursive: true });
    mkdirSync(gone.root);
    expect((await gone.backUp('two')).reason).toMatch(/was removed/);
    const many = await watched({ mostFolders: 2 });
    await many.backUp('one');
    expect((await many.backUp('two')).reason).toMatch(/more than 2 folders/);
    const left = await watched({}, (folder) => folder.toString().endsWith('/a'));
    await left.backUp('one');
    appendFileSync(join(left.root, 'a', 'b', 'file'), '!');
    expect(left.visits(await left.backUp('two'), 'a/b')).toEqual([]);
  });

  test('more changes than the kernel queues: the next backup walks', async () => {
    const clock = new FakeClock();
    const { root, backUp } = await watched({ clock });
    await backUp('one');
    const made = spawnSync('sh', [
      '-c',
      'i=0; while [ $i -lt 9000 ]; do : > "$1/c/$i"; i=$((i+1)); done',
      'sh',
      root,
    ]);
    expect(made.status).toBe(0);
    expect((await backUp('two')).reason).toMatch(/too many changes/);
    expect((await backUp('three')).reason).toBeUndefined();
  });

  test('other things to leave out: a walk', async () => {
    const { backUp } = await watched();
    await backUp('one', true, 'all');
    expect((await backUp('two', true, 'all')).reason).toBeUndefined();
    expect((await backUp('three', true, 'without *.tmp')).reason).toMatch(/has changed/);
  });

  test('a clock that jumped and a full walk that is due: a walk', async () => {
    const clock = new FakeClock();
    const { backUp } = await watched({ clock, fullWalkEveryMs: 3_600_000 });
    await backUp('one');
    expect((await backUp('two')).reason).toBeUndefined();
    clock.setWallClock(clock.now() + 7_200_000);
    expect((await backUp('three')).reason).toMatch(/clock/);
    clock.advance(3_600_000);
    expect((await backUp('four')).reason).toMatch(/full walk is due/);
  });
});

describe('mounts', () => {
  const line = (id: number, point: string, type: string) =>
    `${id} 1 8:${id} / ${point} rw,relatime shared:1 - ${type} /dev/x rw`;

  test('a network file system at, above or below is remote; elsewhere it does not matter', () => {
    const info = [line(1, '/', 'ext4'), line(2, '/srv', 'nfs4'), line(3, '/home/x\\040y', 'cifs')].join('\n');
    expect(mountsFrom(info, [Buffer.from('/var')]).remote).toBeUndefined();
    expect(mountsFrom(info, [Buffer.from('/srv/data')]).remote).toBe('/srv');
    expect(mountsFrom(info, [Buffer.from('/home')]).remote).toBe('/home/x y');
    expect(mountsFrom(info, [Buffer.from('/')]).remote).toBe('/srv');
  });

  test('only mounts near the folders make the arrangement', () => {
    const before = line(1, '/', 'ext4');
    const after = [before, line(2, '/mnt', 'ext4')].join('\n');
    const of = (info: string, folder: string) => mountsFrom(info, [Buffer.from(folder)]).arrangement;
    expect(of(after, '/srv')).toBe(of(before, '/srv'));
    expect(of(after, '/mnt/disk')).not.toBe(of(before, '/mnt/disk'));
  });
});
