/** What `cat` and `list` show, against what stock restic shows of the same repository. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { backup } from '../../../gateway/commands/backup.js';
import { type CatKind, cat } from '../../../gateway/commands/cat.js';
import { indentJson } from '../../../gateway/commands/indent-json.js';
import { type ListedKind, listObjects } from '../../../gateway/commands/list.js';
import { noRestic, openTestRepository, restic, withTestRepository } from '../../support/restic.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const cases: [CatKind, ListedKind | undefined][] = [
  ['config', undefined],
  ['masterkey', undefined],
  ['key', 'keys'],
  ['index', 'index'],
  ['snapshot', 'snapshots'],
  ['blob', 'blobs'],
  ['pack', 'packs'],
];

/**
 * restic 0.14 knows neither program_version nor summary, masks r, which counts as the same, and
 * ends no fraction of a second with zeros.
 */
function asOldRestic(text: string): string {
  return text
    .replace(/(?<="created": "[^"]*)\.?0+(?=Z")/, '')
    .replace(/,\n {2}"program_version[^}]*\}?(?=\n\})/, '')
    .replace(/(?<="r": ")[^"]{24}(?=")/, (r) => {
      const bytes = Buffer.from(r, 'base64').map((byte, at) => {
        if (at % 4 === 3) return byte & 0x0f;
        return at % 4 === 0 && at > 0 ? byte & 0xfc : byte;
      });
      return Buffer.from(bytes).toString('base64');
    });
}

/** A repository of ours with one snapshot of a folder whose name needs escapes. */
async function scene() {
  const parent = await temporaryFolder();
  const folder = join(parent, 'repository');
  const source = join(parent, 'a <b> & "c"');
  mkdirSync(join(source, 'inner'), { recursive: true });
  writeFileSync(join(source, 'inner', 'file'), 'content');
  await withTestRepository(folder, 'init', (repository) =>
    backup(repository, { clock: systemClock, version: '9.9.9', host: 'nas', tags: ['one'], paths: [source] }),
  );
  const { repository, close } = await openTestRepository(folder, 'open');
  onTestFinished(close);
  const ids = async (kind: ListedKind) => {
    const found: string[] = [];
    for await (const { id, type } of listObjects(repository, kind)) found.push(type ? `${type} ${id}` : id);
    return found.sort();
  };
  // Binary files are compared as such: every byte is a character of Latin-1.
  const show = async (kind: CatKind, id: string) =>
    Buffer.from(await cat(repository, kind, id)).toString('latin1');
  return { folder, source, ids, show };
}

describe.skipIf(noRestic)(`single objects${noRestic ? ` (skipped: ${noRestic})` : ''}`, () => {
  it('are listed and shown as restic does', async () => {
    const { folder, ids, show } = await scene();
    for (const [kind, listed] of cases) {
      let id = '';
      if (listed !== undefined) {
        const found = await ids(listed);
        expect(found).toEqual(restic(folder, ['list', listed]).trim().split('\n').sort());
        id = found[0]?.split(' ').at(-1) ?? '';
      }
      const theirs = restic(folder, ['cat', kind, ...(id === '' ? [] : [id])], [0], 'latin1');
      const mine = await show(kind, id);
      expect(asOldRestic(mine)).toBe(theirs);
      if (kind !== 'blob' && id !== '') expect(await show(kind, id.slice(0, 12))).toBe(mine);
    }
  });
});

describe('single objects', () => {
  it('can be the tree of a snapshot and of a folder in it', async () => {
    const { show, source } = await scene();
    expect(JSON.parse(await show('tree', 'latest')).nodes).toHaveLength(1);
    const inner = JSON.parse(await show('tree', `latest:${source}/inner`));
    expect(inner.nodes).toMatchObject([{ name: 'file', type: 'file', size: 7 }]);
    await expect(show('tree', 'latest:/no/such')).rejects.toMatchObject({ code: 'PATH_NOT_IN_SNAPSHOT' });
  });

  it('that are not there are named', async () => {
    const { show } = await scene();
    for (const [kind, id] of [
      ['pack', '00000000'],
      ['blob', 'abc'],
      ['blob', '0'.repeat(64)],
      ['lock', 'f'],
      ['key', ''],
    ] as const) {
      await expect(show(kind, id)).rejects.toMatchObject({ code: 'FILE_UNKNOWN', context: { kind } });
    }
  });
});

describe('indented JSON', () => {
  it('looks as JSON.stringify makes it, and keeps what numbers and strings look like', () => {
    const value = { a: [1, { b: 'x: [y], {z} "q" \\' }], c: {}, d: [], e: null, f: -1.5 };
    expect(indentJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
    expect(indentJson('{"n":18446744073709551615,"s":"\\u003c","o":{ }}')).toBe(
      '{\n  "n": 18446744073709551615,\n  "s": "\\u003c",\n  "o": {}\n}',
    );
  });
});
