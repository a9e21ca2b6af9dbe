/** Does content jobs: reads ranges of a pack, opens the chunks, hands them to the files. */
import { closeSync, openSync, readSync } from 'node:fs';
import { GatehouseError, messageOf, systemCode } from '../../core/errors.js';
import { repositoryDamaged, repositoryFileMissing } from '../errors.js';
import type { ChunkOpener } from './chunk-opener.js';
import { type JobFile, readFileList } from './file-list.js';
import type { ContentAnswer, ContentJob, FileFailure, PlainError } from './messages.js';
import type { TargetFiles } from './target-files.js';

const wordsPerChunk = 5;

interface Chunk {
  readonly offset: number;
  readonly length: number;
  readonly plainLength: number;
  readonly firstTarget: number;
  readonly targetCount: number;
}

export class ContentWriter {
  readonly #opener: ChunkOpener;
  readonly #files: TargetFiles;
  #room = Buffer.alloc(0);

  constructor(opener: ChunkOpener, files: TargetFiles) {
    this.#opener = opener;
    this.#files = files;
  }

  perform(job: ContentJob): ContentAnswer {
    const work = new JobWork(job, this.#opener, this.#files);
    work.finishReady();
    if (job.ranges.length > 0) this.#writeRanges(job, work);
    return work.answer();
  }

  close(): void {
    this.#files.close();
  }

  #writeRanges(job: ContentJob, work: JobWork): void {
    if (job.packFile === undefined) {
      for (const [number, [offset, length]] of job.ranges.entries()) {
        const bytes = job.bytes?.[number] ?? new Uint8Array(0);
        work.writeRange(offset, length, () => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
      }
      return;
    }
    let descriptor: number | undefined;
    const open = (path: string) => {
      descriptor ??= openPack(path, job.packId);
      return descriptor;
    };
    const path = job.packFile;
    try {
      for (const [offset, length] of job.ranges) {
        work.writeRange(offset, length, () => this.#read(open(path), job.packId, offset, length));
      }
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  #read(descriptor: number, packId: string, offset: number, length: number): Buffer {
    if (this.#room.length < length) this.#room = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const count = readSync(descriptor, this.#room, filled, length - filled, offset + filled);
      if (count === 0) throw repositoryDamaged(`pack ${packId}`, 'it is too short');
      filled += count;
    }
    return this.#room.subarray(0, length);
  }
}

function openPack(path: string, packId: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw repositoryFileMissing(`pack ${packId}`);
    throw error;
  }
}

/** One job under way, with what it has to tell. */
class JobWork {
  readonly #job: ContentJob;
  readonly #opener: ChunkOpener;
  readonly #targets: TargetFiles;
  readonly #files: readonly JobFile[];
  readonly #finished: number[] = [];
  readonly #failures: FileFailure[] = [];
  #bytesWritten = 0;
  readonly #damaged: number[] = [];
  #nextChunk = 0;

  constructor(job: ContentJob, opener: ChunkOpener, targets: TargetFiles) {
    this.#job = job;
    this.#opener = opener;
    this.#targets = targets;
    this.#files = readFileList(job.files);
  }

  answer(): ContentAnswer {
    return {
      type: 'content',
      bytesWritten: this.#bytesWritten,
      finished: this.#finished,
      failures: this.#failures,
      ...(this.#damaged.length > 0 ? { repeat: partOf(this.#job, this.#damaged) } : {}),
    };
  }

  finishReady(): void {
    for (const file of this.#files) {
      if (!file.finishNow) continue;
      this.#attempt(file, () => {
        this.#targets.finishNow(file);
        return true;
      });
    }
  }

  /** The chunks that lie in this range, which `read` brings. */
  writeRange(offset: number, length: number, read: () => Buffer): void {
    let bytes: Buffer | undefined;
    let failure: unknown;
    try {
      bytes = read();
    } catch (error) {
      failure = error;
    }
    const end = offset + length;
    for (let chunk = this.#chunk(); chunk !== undefined && chunk.offset < end; chunk = this.#chunk()) {
      this.#nextChunk++;
      const start = chunk.offset - offset;
      if (bytes === undefined) this.#failTargets(chunk, failure);
      else this.#writeChunk(chunk, this.#nextChunk - 1, bytes.subarray(start, start + chunk.length));
    }
  }

  #chunk(): Chunk | undefined {
    const at = this.#nextChunk * wordsPerChunk;
    const { chunks } = this.#job;
    if (at >= chunks.length) return undefined;
    const [offset = 0, length = 0, plainLength = 0, firstTarget = 0, targetCount = 0] = chunks.subarray(
      at,
      at + wordsPerChunk,
    );
    return { offset, length, plainLength, firstTarget, targetCount };
  }

  #writeChunk(chunk: Chunk, number: number, sealed: Buffer): void {
    let plain: Buffer;
    try {
      const id = this.#job.ids.subarray(number * 32, number * 32 + 32);
      plain = this.#opener.openChunk(id, sealed, chunk.plainLength);
    } catch (error) {
      if (this.#job.mayRepeat === true) this.#damaged.push(number);
      else this.#failTargets(chunk, error);
      return;
    }
    for (let target = chunk.firstTarget; target < chunk.firstTarget + chunk.targetCount; target++) {
      const file = this.#files[this.#job.targets[target * 2] ?? -1];
      const offset = this.#job.targets[target * 2 + 1] ?? 0;
      if (file === undefined || !this.#targets.isWanted(file)) continue;
      this.#attempt(file, () => this.#targets.write(file, plain, offset));
      this.#bytesWritten += plain.length;
    }
  }

  #failTargets(chunk: Chunk, error: unknown): void {
    for (let target = chunk.firstTarget; target < chunk.firstTarget + chunk.targetCount; target++) {
      const file = this.#files[this.#job.targets[target * 2] ?? -1];
      if (file !== undefined) this.#fail(file, error);
    }
  }

  /** @param work tells whether the file is whole now. */
  #attempt(file: JobFile, work: () => boolean): void {
    try {
      if (work()) this.#finished.push(file.entry);
    } catch (error) {
      this.#fail(file, error);
    }
  }

  #fail(file: JobFile, error: unknown): void {
    if (this.#targets.fail(file)) this.#failures.push({ entry: file.entry, error: plainError(error) });
  }
}

/** The same job for some of its chunks, each in a range of its own. */
function partOf(job: ContentJob, numbers: readonly number[]): ContentJob {
  const rows = numbers.map((number) =>
    job.chunks.slice(number * wordsPerChunk, (number + 1) * wordsPerChunk),
  );
  const ids = numbers.map((number) => job.ids.subarray(number * 32, number * 32 + 32));
  return {
    ...job,
    ranges: rows.map(([offset = 0, length = 0]) => [offset, length]),
    bytes: undefined,
    chunks: Uint32Array.from(rows.flatMap((row) => [...row])),
    ids: Uint8Array.from(Buffer.concat(ids)),
  };
}

function plainError(error: unknown): PlainError {
  const hint = error instanceof GatehouseError ? error.hint : undefined;
  const code = error instanceof GatehouseError ? error.code : (systemCode(error) ?? 'INTERNAL');
  return { code, message: messageOf(error), hint };
}
