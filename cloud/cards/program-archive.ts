/**
 * This very program as an archive that devices install: without the packages that it uses, which differ
 * from machine to machine. Archives are named by their digest, and the same program makes the same one;
 * older ones stay as long as a claim token may still ask for them.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { Clock } from '../../core/clock.js';
import { messageOf, systemCode } from '../../core/errors.js';
import { flushFolder, makePrivateFolder } from '../../core/files.js';
import { packingFailed } from './errors.js';

export interface ProgramArchiveOptions {
  /** For archives alone. */
  readonly directory: string;
  readonly programFolder: string;
  readonly clock: Clock;
}

export interface OpenedArchive {
  readonly sizeBytes: number;
  readonly content: Readable;
}

const execute = promisify(execFile);
const parts = ['bin', 'dist', 'hardware/boards', 'package.json', 'package-lock.json', 'LICENSE'];
/** Twice the life of a claim token. */
const keptMs = 2 * 86_400_000;
const packLimitMs = 120_000;
const suffix = '.tgz';

export class ProgramArchive {
  readonly #options: ProgramArchiveOptions;
  #made: Promise<string> | undefined;

  constructor(options: ProgramArchiveOptions) {
    this.#options = options;
  }

  /** Of the archive, hex; made at the first call, and kept for two days from the last. @throws PACKING_FAILED */
  async sha256(): Promise<string> {
    const { clock } = this.#options;
    for (;;) {
      this.#made ??= this.#make().catch((error: unknown) => {
        this.#made = undefined;
        throw packingFailed(reasonOf(error), error);
      });
      const made = this.#made;
      const sha256 = await made;
      const now = clock.now() / 1_000;
      const isThere = await utimes(this.#path(sha256), now, now).then(
        () => true,
        () => false,
      );
      if (isThere) return sha256;
      // Somebody tidied up.
      if (this.#made === made) this.#made = undefined;
    }
  }

  /** Undefined when there is none with that digest. */
  async open(sha256: string): Promise<OpenedArchive | undefined> {
    const filePath = this.#path(sha256);
    const found = await stat(filePath).catch(() => undefined);
    return found && { sizeBytes: found.size, content: createReadStream(filePath) };
  }

  async #make(): Promise<string> {
    const { directory, programFolder } = this.#options;
    await makePrivateFolder(directory);
    await access(join(programFolder, 'dist', 'cli', 'main.js'));
    const aside = join(directory, 'packing');
    try {
      await execute('tar', packArguments(aside, programFolder), { timeout: packLimitMs });
      const sha256 = await digestOf(aside);
      await rename(aside, this.#path(sha256));
      await flushFolder(directory);
      await this.#prune(sha256);
      return sha256;
    } finally {
      await rm(aside, { force: true });
    }
  }

  async #prune(current: string): Promise<void> {
    const { directory, clock } = this.#options;
    for (const name of await readdir(directory)) {
      const filePath = join(directory, name);
      const { mtimeMs } = await stat(filePath);
      if (name !== current + suffix && clock.now() - mtimeMs > keptMs) await rm(filePath, { force: true });
    }
  }

  #path(sha256: string): string {
    return join(this.#options.directory, sha256 + suffix);
  }
}

/** Nothing of when and by whom it was packed goes in. */
function packArguments(filePath: string, programFolder: string): string[] {
  const plain = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  const without = ['*.d.ts', '.tsbuildinfo', '.test-types', '.web-types'].map((name) => `--exclude=${name}`);
  return ['-czf', filePath, ...plain, ...without, '-C', programFolder, ...parts];
}

async function digestOf(filePath: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(filePath)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function reasonOf(error: unknown): string {
  const said = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1);
  if (systemCode(error) === 'ENOENT' && !said) return 'it is not built, or there is no "tar"';
  return (said || messageOf(error)).replace(/\.$/, '');
}
