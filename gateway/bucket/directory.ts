/**
 * A bucket in a folder: one file per object, folders for the slashes. An object appears whole or
 * not at all, and survives a power cut once `put` resolves. Files are written in a hidden folder at
 * the top and renamed into place; that folder is never listed.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, open, readdir, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.js';
import { GatehouseError, interrupted, systemCode } from '../../core/errors.js';
import { pacedStream } from '../throttle/paced-stream.js';
import type {
  Bucket,
  BucketEntry,
  CallOptions,
  GetStreamOptions,
  ObjectAddress,
  ObjectFacts,
  PutOptions,
  PutStreamOptions,
  UnfinishedUpload,
} from './bucket.js';
import { directoryFault } from './directory-errors.js';
import { listFolder } from './directory-list.js';
import { DirectoryRoot } from './directory-root.js';
import { flushNames, makeFolderDurably, moveDurably, writeDurably } from './durable-write.js';
import { bucketFailed, bucketShortRead } from './errors.js';
import { collect, fileBody } from './file-body.js';

const temporaryFolder = '.gatehouse-tmp';
/** A temporary file that nobody has written to for that long was left by a crash. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;
/** Of a read that nothing limits; a limit that comes meanwhile counts from the next one on. */
const openReadBytes = 4 * 1024 * 1024;
const absent = ['ENOENT', 'ENOTDIR', 'EISDIR'];

export interface DirectoryBucketOptions {
  readonly clock: Clock;
  /** Leave no folder of ours behind at `close`: for a folder of the user's that is no bucket. */
  readonly tidy?: boolean;
}

export class DirectoryBucket implements Bucket {
  readonly location: string;
  readonly hasArchive = false;
  readonly #clock: Clock;
  readonly #tidy: boolean;
  readonly #root: DirectoryRoot;
  readonly #makeFolder = (folder: string) => this.#root.makeFolder(folder);

  /** `root` is an absolute path; the folder need not exist before `prepare`. */
  constructor(root: string, options: DirectoryBucketOptions) {
    this.location = root;
    this.#root = new DirectoryRoot(root);
    this.#clock = options.clock;
    this.#tidy = options.tidy ?? false;
  }

  async close(): Promise<void> {
    // Fails, rightly, when another process has something there.
    if (this.#tidy) await rmdir(join(this.location, temporaryFolder)).catch(() => {});
  }

  get spoolFolder(): string {
    return join(this.location, temporaryFolder);
  }

  prepare(options: CallOptions = {}): Promise<void> {
    return this.#call(options, async () => {
      await makeFolderDurably(this.location);
      await access(this.location, constants.R_OK | constants.W_OK | constants.X_OK);
      await this.#removeAbandoned();
    });
  }

  put(key: string, content: Uint8Array, options: CallOptions = {}): Promise<void> {
    const limiter = options.pacing?.upload;
    return this.#store(key, limiter === undefined ? content : pacedStream(content, { limiter }), options);
  }

  async putFile(key: string, filePath: string, sizeBytes: number, options: PutOptions = {}): Promise<void> {
    const limiter = options.pacing?.upload;
    const mayMove = options.mayMove === true && limiter?.isOpen !== false;
    if (mayMove && (await this.#move(filePath, sizeBytes, key, options))) return;
    return this.#store(key, pacedStream(fileBody(filePath, sizeBytes), { limiter }), options);
  }

  async putStream(
    key: string,
    content: AsyncIterable<Uint8Array>,
    options: PutStreamOptions = {},
  ): Promise<number> {
    let sizeBytes = 0;
    async function* counted() {
      for await (const chunk of content) {
        if (options.signal?.aborted) throw interrupted(options.signal.reason);
        sizeBytes += chunk.length;
        yield chunk;
      }
    }
    // Not in object mode, in which an empty chunk would end the stream.
    const source = Readable.from(counted(), { objectMode: false });
    await this.#store(key, pacedStream(source, { limiter: options.pacing?.upload }), options);
    return sizeBytes;
  }

  async get(key: string, options: CallOptions = {}): Promise<Uint8Array | undefined> {
    const stream = await this.getStream(key, options);
    return stream === undefined ? undefined : await this.#call(options, () => collect(stream));
  }

  getRange(
    key: string,
    offset: number,
    length: number,
    options: CallOptions = {},
  ): Promise<Uint8Array | undefined> {
    return this.#lookUp(options, async () => {
      const file = await open(this.#pathOf(key), 'r');
      try {
        const bytes = await readRange(file, offset, length, options);
        if (bytes.length < length) throw bucketShortRead(this.location, key, length, bytes.length);
        return bytes;
      } finally {
        await file.close();
      }
    });
  }

  getStream(key: string, options: GetStreamOptions = {}): Promise<Readable | undefined> {
    return this.#lookUp(options, async () => {
      const filePath = this.#pathOf(key);
      if (!(await stat(filePath)).isFile()) return undefined;
      const file = await open(filePath, 'r');
      const { signal, pacing } = options;
      const start = options.fromByte ?? 0;
      const source = file.createReadStream(signal === undefined ? { start } : { start, signal });
      const mapError = (error: unknown) => this.#fault(error, options);
      return pacedStream(source, { limiter: pacing?.download, mapError });
    });
  }

  localFile(key: string): string {
    return this.#pathOf(key);
  }

  async stat(key: string, options: CallOptions = {}): Promise<number | undefined> {
    return (await this.describe(key, options))?.sizeBytes;
  }

  describe(key: string, options: CallOptions = {}): Promise<ObjectFacts | undefined> {
    return this.#lookUp(options, async () => {
      const found = await stat(this.#pathOf(key));
      return found.isFile() ? { key, sizeBytes: found.size, modifiedMs: found.mtimeMs } : undefined;
    });
  }

  async *list(prefix: string, options: CallOptions = {}): AsyncGenerator<BucketEntry> {
    await this.#call(options, () => this.#root.require());
    try {
      for await (const entry of listFolder(this.location, prefix, temporaryFolder)) {
        if (options.signal?.aborted) throw interrupted(options.signal.reason);
        yield entry;
      }
    } catch (error) {
      throw this.#fault(error, options);
    }
  }

  async delete(key: string, options: CallOptions = {}): Promise<void> {
    await this.#lookUp(options, async () => {
      const filePath = this.#pathOf(key);
      await unlink(filePath);
      await flushNames(dirname(filePath));
    });
  }

  address(): ObjectAddress | undefined {
    return undefined;
  }

  async copyFrom(): Promise<boolean> {
    return false;
  }

  /** Nothing: what a crash left is removed by `prepare`. */
  async *listUnfinished(): AsyncGenerator<UnfinishedUpload> {}

  async dropUnfinished(): Promise<void> {}

  async requestThaw(): Promise<void> {}

  #store(key: string, content: Uint8Array | Readable, options: CallOptions): Promise<void> {
    return this.#call(options, async () => {
      try {
        const target = this.#pathOf(key);
        await this.#root.require();
        const temporary = join(this.location, temporaryFolder, randomBytes(9).toString('hex'));
        await writeDurably({
          temporary,
          target,
          content,
          signal: options.signal,
          makeFolder: this.#makeFolder,
        });
      } finally {
        if (content instanceof Readable) content.destroy();
      }
    });
  }

  /** @returns false when the file lies on another file system. */
  #move(filePath: string, sizeBytes: number, key: string, options: CallOptions): Promise<boolean> {
    return this.#call(options, async () => {
      await this.#root.require();
      return moveDurably(filePath, sizeBytes, this.#pathOf(key), this.#makeFolder);
    });
  }

  async #removeAbandoned(): Promise<void> {
    const folder = join(this.location, temporaryFolder);
    const names = await readdir(folder).catch(() => []);
    for (const name of names) {
      const filePath = join(folder, name);
      const entry = await stat(filePath).catch(() => undefined);
      // Folders belong to those who spool packs in them, and are removed by these.
      if (entry === undefined || entry.isDirectory()) continue;
      if (this.#clock.now() - entry.mtimeMs < abandonedAfterMs) continue;
      await rm(filePath, { force: true });
    }
  }

  #pathOf(key: string): string {
    const segments = key.split('/');
    const bad = segments.some((segment) => segment === '' || segment === '.' || segment === '..');
    if (bad || segments[0] === temporaryFolder || key.includes('\0')) {
      throw bucketFailed({ location: this.location }, `"${key}" cannot be a key`);
    }
    return join(this.location, ...segments);
  }

  /** As `#call`; undefined when the object is absent and the folder itself is there. */
  #lookUp<T>(options: CallOptions, work: () => Promise<T>): Promise<T | undefined> {
    return this.#call(options, async () => {
      try {
        return await work();
      } catch (error) {
        if (!absent.includes(systemCode(error) ?? '')) throw error;
        await this.#root.require();
        return undefined;
      }
    });
  }

  async #call<T>(options: CallOptions, work: () => Promise<T>): Promise<T> {
    try {
      if (options.signal?.aborted) throw interrupted(options.signal.reason);
      return await work();
    } catch (error) {
      throw this.#fault(error, options);
    }
  }

  #fault(error: unknown, options: CallOptions): GatehouseError {
    if (error instanceof GatehouseError) return error;
    if (options.signal?.aborted) return interrupted(options.signal.reason);
    return directoryFault(error, this.location);
  }
}

async function readRange(
  file: FileHandle,
  offset: number,
  length: number,
  options: CallOptions,
): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(length);
  const limiter = options.pacing?.download;
  let filled = 0;
  while (filled < length) {
    const isOpen = limiter?.isOpen !== false;
    const wanted = Math.min(length - filled, isOpen ? openReadBytes : limiter.grainBytes);
    if (!isOpen) await limiter.take(wanted, options.signal);
    const { bytesRead } = await file.read(buffer, filled, wanted, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
