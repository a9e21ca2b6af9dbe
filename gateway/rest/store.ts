/**
 * Repositories in folders below a root, in restic's local layout, so that restic and Gatehouse open
 * them on the spot too. A file appears whole, with the hash in its name, or not at all.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { opendir, readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.js';
import { GatehouseError, systemCode } from '../../core/errors.js';
import { flushNames, makeFolderDurably, writeDurably } from '../bucket/durable-write.js';
import { isId } from '../repository/layout.js';
import { fileKey, type RestType } from './address.js';

const temporaryFolder = '.gatehouse-tmp';
/** A file on its way that nobody has written to for that long was left by a crash. */
const abandonedAfterMs = 24 * 60 * 60_000;

export type StoreOutcome = 'stored' | 'known' | 'wrong hash' | 'over quota' | 'exists';

export interface StoreRequest {
  /** Folder of the repository below the root. */
  readonly repository: readonly string[];
  readonly content: Readable;
  /** Most bytes that may still be added. */
  readonly roomBytes: number;
}

export class RestStore {
  readonly #root: string;
  readonly #clock: Clock;

  /** `root` is an absolute path. */
  constructor(root: string, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
  }

  /** Makes the root and removes what crashes left. */
  async prepare(): Promise<void> {
    await makeFolderDurably(this.#root);
    const folder = join(this.#root, temporaryFolder);
    for (const name of await readdir(folder).catch(() => [])) {
      const found = await stat(join(folder, name)).catch(() => undefined);
      if (found === undefined || this.#clock.now() - found.mtimeMs < abandonedAfterMs) continue;
      await unlink(join(folder, name)).catch(() => {});
    }
  }

  async makeRepository(repository: readonly string[]): Promise<void> {
    for (const folder of ['data', 'index', 'keys', 'locks', 'snapshots']) {
      await makeFolderDurably(join(this.#folder(repository), folder));
    }
  }

  /** Bytes of a file, or undefined. */
  async sizeOf(repository: readonly string[], key: string): Promise<number | undefined> {
    return (await stat(join(this.#folder(repository), key)).catch(absent))?.size;
  }

  /** From `start` to `end`, both counted in. The file was there a moment ago. */
  read(repository: readonly string[], key: string, range: { start: number; end: number }): Readable {
    return createReadStream(join(this.#folder(repository), key), range);
  }

  /** Files of one type in no promised order; names that are no ids are passed over. */
  async list(repository: readonly string[], type: RestType): Promise<{ name: string; size: number }[]> {
    const folder = join(this.#folder(repository), type);
    if (type !== 'data') return listFiles(folder);
    const folders = await readdir(folder).catch(none);
    const lists = [];
    for (const name of folders) lists.push(await listFiles(join(folder, name)));
    return lists.flat();
  }

  /** Stores a file named by its hash. One that is there already stays as it is. */
  async store(request: StoreRequest, type: RestType, id: string): Promise<StoreOutcome> {
    const key = fileKey(type, id);
    if ((await this.sizeOf(request.repository, key)) !== undefined) {
      return (await hashOf(request.content)) === id ? 'known' : 'wrong hash';
    }
    return this.#write(request, key, id);
  }

  /** The config is written once; to replace it, it is removed first. */
  async storeConfig(request: StoreRequest): Promise<StoreOutcome> {
    if ((await this.sizeOf(request.repository, 'config')) !== undefined) return 'exists';
    return this.#write(request, 'config', undefined);
  }

  /** @returns bytes given back, or undefined when there was no such file. */
  async remove(repository: readonly string[], key: string): Promise<number | undefined> {
    const sizeBytes = await this.sizeOf(repository, key);
    if (sizeBytes === undefined) return undefined;
    const filePath = join(this.#folder(repository), key);
    await unlink(filePath).catch(absent);
    await flushNames(dirname(filePath));
    return sizeBytes;
  }

  /** What everything in a folder takes up, bytes. */
  async usage(folder: readonly string[]): Promise<number> {
    let bytes = 0;
    const pending = [this.#folder(folder)];
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      const entries = await opendir(path).catch(absent);
      for await (const entry of entries ?? []) {
        const inside = join(path, entry.name);
        if (entry.isDirectory()) pending.push(inside);
        else bytes += (await stat(inside).catch(absent))?.size ?? 0;
      }
    }
    return bytes;
  }

  async #write(request: StoreRequest, key: string, id: string | undefined): Promise<StoreOutcome> {
    const refusal: { outcome?: StoreOutcome } = {};
    const checked = Readable.from(checking(request, id, refusal), { objectMode: false });
    const temporary = join(this.#root, temporaryFolder, randomBytes(9).toString('hex'));
    const target = join(this.#folder(request.repository), key);
    try {
      await writeDurably({ temporary, target, content: checked });
      return 'stored';
    } catch (error) {
      if (refusal.outcome !== undefined) return refusal.outcome;
      throw error;
    }
  }

  #folder(repository: readonly string[]): string {
    return join(this.#root, ...repository);
  }
}

/** Passes the bytes on; throws at their end, before the file gets its name, when they are not what they must be. */
async function* checking(
  { content, roomBytes }: StoreRequest,
  id: string | undefined,
  refusal: { outcome?: StoreOutcome },
): AsyncGenerator<Buffer, void, undefined> {
  const refuse = (outcome: StoreOutcome) => {
    refusal.outcome = outcome;
    return new GatehouseError('REST_REFUSED', outcome);
  };
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of content as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > roomBytes) throw refuse('over quota');
    hash.update(piece);
    yield piece;
  }
  if (id !== undefined && hash.digest('hex') !== id) throw refuse('wrong hash');
}

async function hashOf(content: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of content as AsyncIterable<Buffer>) hash.update(piece);
  return hash.digest('hex');
}

async function listFiles(folder: string): Promise<{ name: string; size: number }[]> {
  const files = [];
  for (const name of await readdir(folder).catch(none)) {
    if (!isId(name)) continue;
    const found = await stat(join(folder, name)).catch(absent);
    if (found?.isFile()) files.push({ name, size: found.size });
  }
  return files;
}

function absent(error: unknown): undefined {
  if (!['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw error;
  return undefined;
}

function none(error: unknown): string[] {
  return absent(error) ?? [];
}
