import { closeSync, lstatSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileTimes, loadPosix, plainPosix } from '../../../gateway/files/posix.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

describe('system calls', () => {
  it('set times of files and links to the nanosecond, before and after 1970', async () => {
    const posix = await loadPosix();
    const folder = await temporaryFolder();
    const file = Buffer.from(join(folder, 'file'));
    const link = Buffer.from(join(folder, 'link'));
    writeFileSync(file, '');
    symlinkSync('file', link);
    posix.setTimes(file, fileTimes(-1n, -1_000_000_001n));
    posix.setTimes(link, fileTimes(5n, 1_234_567_890_987_654_321n));
    expect(lstatSync(file, { bigint: true })).toMatchObject({ mtimeNs: -1_000_000_001n, atimeNs: -1n });
    expect(lstatSync(link, { bigint: true }).mtimeNs).toBe(1_234_567_890_987_654_321n);
  });

  it('keep attributes with empty, binary and long values', async () => {
    const posix = await loadPosix();
    const file = Buffer.from(join(await temporaryFolder(), 'file'));
    writeFileSync(file, '');
    expect(posix.listAttributes(file)).toEqual([]);
    const values = { 'user.empty': '', 'user.binary': '\0\u00ff', 'user.long': 'x'.repeat(3000) };
    for (const [name, value] of Object.entries(values)) {
      posix.setAttribute(file, Buffer.from(name), Buffer.from(value, 'latin1'));
    }
    const open = openSync(file, 'r');
    for (const of of [file, open]) {
      expect(posix.listAttributes(of).map(String).sort()).toEqual(Object.keys(values).sort());
      for (const [name, value] of Object.entries(values)) {
        expect(posix.getAttribute(of, Buffer.from(name))?.toString('latin1')).toBe(value);
      }
      expect(posix.getAttribute(of, Buffer.from('user.none'))).toBeUndefined();
    }
    closeSync(open);
    expect(() => posix.listAttributes(open)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  it('fail with the name of the error', async () => {
    const posix = await loadPosix();
    const absent = Buffer.from('/no/such/file');
    expect(() => posix.setTimes(absent, fileTimes(0n, 0n))).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
    expect(() => posix.makeFifo(absent, 0o600)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(() => posix.listAttributes(absent)).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });

  it('are replaced by what Node can do when the package is missing', async () => {
    const file = Buffer.from(join(await temporaryFolder(), 'file'));
    writeFileSync(file, '');
    plainPosix.setTimes(file, fileTimes(0n, 1_234_567_890_123_456_789n));
    const { mtimeNs } = lstatSync(file, { bigint: true });
    expect(mtimeNs / 1000n).toBe(1_234_567_890_123_456n);
    expect(plainPosix.missing).toContain('koffi');
    expect(plainPosix.listAttributes(file)).toEqual([]);
    expect(() => plainPosix.makeFifo(file, 0o600)).toThrow(expect.objectContaining({ code: 'ENOSYS' }));
  });
});
