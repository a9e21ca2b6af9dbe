/** Unpacks a proven artifact beside the other releases; the folder appears whole or not at all. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.js';
import { flushFolder } from '../../core/files.js';
import { unpackFailed } from './errors.js';
import type { InstallFolder } from './install-folder.js';

/** What is started of a release. */
export const releaseEntry = join('bin', 'gatehouse.mjs');

/** @throws UNPACK_FAILED */
export async function unpack(folder: InstallFolder, archivePath: string, version: string): Promise<void> {
  const target = folder.releasePath(version);
  const aside = `${target}.unpacking`;
  try {
    await rm(aside, { recursive: true, force: true });
    await mkdir(aside, { recursive: true });
    await run('tar', ['-x', '-z', '--no-same-owner', '-f', archivePath, '-C', aside]);
    await access(join(aside, releaseEntry));
    // Everything must be on disk before the name is: after a power cut a release is whole.
    await run('sync', ['-f', aside]);
    // One of that name that was there before was never committed, or is not in use: see the caller.
    await rm(target, { recursive: true, force: true });
    await rename(aside, target);
    await flushFolder(folder.releases);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw unpackFailed(messageOf(error));
  }
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-500);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command} failed (${complaint.trim().split('\n').at(-1) ?? code})`);
}
