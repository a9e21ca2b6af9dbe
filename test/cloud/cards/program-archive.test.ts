import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ProgramArchive } from '../../../cloud/cards/program-archive.js';
import { FakeClock } from '../../support/fake-clock.js';
import { smallProgram } from '../../support/small-program.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const dayMs = 86_400_000;

async function setUp() {
  const folder = await temporaryFolder();
  const programFolder = await smallProgram(join(folder, 'program'));
  const directory = join(folder, 'install');
  const clock = new FakeClock();
  const open = () => new ProgramArchive({ directory, programFolder, clock });
  return { clock, directory, programFolder, open, archive: open() };
}

describe('the archive of the program', () => {
  it('holds what a device runs, without packages and what only builds need, and is named by its digest', async () => {
    const { archive, directory } = await setUp();
    const sha256 = await archive.sha256();
    const filePath = join(directory, `${sha256}.tgz`);
    const opened = await archive.open(sha256);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of opened?.content ?? []) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    expect(hash.digest('hex')).toBe(sha256);
    expect(opened?.sizeBytes).toBe(sizeBytes);
    const listed = execFileSync('tar', ['-tzf', filePath], { encoding: 'utf8' }).split('\n');
    expect(listed.filter((name) => name !== '' && !name.endsWith('/'))).toEqual([
      'bin/gatehouse.mjs',
      'dist/cli/main.js',
      'hardware/boards/button-box/agent.json',
      'package.json',
      'package-lock.json',
      'LICENSE',
    ]);
  });

  it('is made once; the same program makes the same one, another program another', async () => {
    const { archive, open, directory, programFolder } = await setUp();
    const [first, again] = await Promise.all([archive.sha256(), archive.sha256()]);
    expect(again).toBe(first);
    await writeFile(join(programFolder, 'LICENSE'), 'as I like\n');
    expect(await archive.sha256()).toBe(first);
    const changed = await open().sha256();
    expect(changed).not.toBe(first);
    await writeFile(join(programFolder, 'LICENSE'), 'as you like\n');
    expect(await open().sha256()).toBe(first);
    expect((await readdir(directory)).sort()).toEqual([`${first}.tgz`, `${changed}.tgz`].sort());
  });

  it('stays for two days after the last card that names it, then goes with the next one', async () => {
    const { archive, clock, open, directory, programFolder } = await setUp();
    const old = await archive.sha256();
    clock.advance(dayMs);
    await archive.sha256();
    await writeFile(join(programFolder, 'LICENSE'), 'as I like\n');
    clock.advance(1.5 * dayMs);
    const next = await open().sha256();
    expect((await readdir(directory)).sort()).toEqual([`${old}.tgz`, `${next}.tgz`].sort());
    clock.advance(dayMs);
    await open().sha256();
    expect(await readdir(directory)).toEqual([`${next}.tgz`]);
  });

  it('is made anew when somebody deleted it', async () => {
    const { archive, directory } = await setUp();
    const sha256 = await archive.sha256();
    await rm(directory, { recursive: true });
    expect(await archive.open(sha256)).toBeUndefined();
    expect(await archive.sha256()).toBe(sha256);
    const opened = await archive.open(sha256);
    expect((await text(opened!.content)).length).toBeGreaterThan(0);
  });

  it('cannot be made of a program that is not built, says so, and can be once it is', async () => {
    const { archive, directory, programFolder } = await setUp();
    await rm(join(programFolder, 'dist'), { recursive: true });
    await expect(archive.sha256()).rejects.toMatchObject({
      code: 'PACKING_FAILED',
      hint: expect.stringContaining('npm run build'),
    });
    expect(await readdir(directory)).toEqual([]);
    await smallProgram(programFolder);
    expect(await archive.sha256()).toMatch(/^[0-9a-f]{64}$/);
  });
});
