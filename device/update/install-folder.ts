/**
 * Releases on disk: `releases/VERSION` beside one another, and `current`, a symlink that is replaced in
 * one step. `update.json` says what is on trial; it is written before what it announces, so that after a
 * power cut whoever reads it can finish the step.
 */
import { mkdir, readdir, readFile, readlink, rename, rm, symlink, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { systemCode } from '../../core/errors.js';
import { flushFolder, writeFileDurably } from '../../core/files.js';
import { releaseVersion } from '../../core/wire/update.js';

const updateState = z.object({
  jobId: z.string(),
  version: releaseVersion,
  /** Where to go back to; null is the version that came with the machine. */
  previous: releaseVersion.nullable(),
  /** On trial; stays; went back. */
  phase: z.enum(['trial', 'committed', 'rolled-back']),
  healthSeconds: z.number(),
  graceSeconds: z.number(),
  /** Starts of the version on trial. */
  starts: z.int(),
  /** Why it went back. */
  reason: z.string().optional(),
});
export type UpdateState = z.infer<typeof updateState>;

export class InstallFolder {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get releases(): string {
    return join(this.root, 'releases');
  }

  releasePath(version: string): string {
    return join(this.releases, version);
  }

  /** Undefined when nothing is under way; also when the file is damaged, which only a foreign hand does. */
  async readState(): Promise<UpdateState | undefined> {
    try {
      return updateState.parse(JSON.parse(await readFile(join(this.root, 'update.json'), 'utf8')));
    } catch {
      return undefined;
    }
  }

  async writeState(state: UpdateState): Promise<void> {
    await mkdir(this.root, { recursive: true });
    await writeFileDurably(join(this.root, 'update.json'), `${JSON.stringify(state, undefined, 2)}\n`);
  }

  async clearState(): Promise<void> {
    await rm(join(this.root, 'update.json'), { force: true });
    await flushFolder(this.root);
  }

  /** What `current` points to; null when there is none: the version that came with the machine. */
  async current(): Promise<string | null> {
    try {
      return basename(await readlink(join(this.root, 'current')));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw error;
    }
  }

  /** Switches in one step: at every instant `current` is the old release or the new one. */
  async point(version: string | null): Promise<void> {
    const link = join(this.root, 'current');
    if (version === null) {
      await unlink(link).catch((error: unknown) => {
        if (systemCode(error) !== 'ENOENT') throw error;
      });
    } else {
      const aside = `${link}.new`;
      await rm(aside, { force: true });
      await symlink(join('releases', version), aside);
      await rename(aside, link);
    }
    await flushFolder(this.root);
  }

  /** Deletes every release but those named, and what a broken-off unpacking left. */
  async prune(keep: readonly (string | null)[]): Promise<void> {
    for (const name of await readdir(this.releases).catch(() => [])) {
      if (!keep.includes(name)) await rm(this.releasePath(name), { recursive: true, force: true });
    }
  }
}
