/**
 * The files that a worker writes: created or opened once, chunks at their offsets in any order,
 * finished by whoever writes the last chunk. Several workers may write one file at a time; the
 * shared words say who creates and who finishes it. A file has its final time only when it is whole.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  writeSync,
} from 'node:fs';
import { systemCode } from '../../core/errors.js';
import { fileFailed } from '../files/errors.js';
import { applyMetadata, clearPlace, type MetadataOptions } from '../files/placing.js';
import type { JobFile } from './file-list.js';
import { actions } from './kinds.js';
import { fileStates, type SharedProgress } from './messages.js';

const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const writeFlags = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const openAtOnce = 24;
const holeBytes = 64 * 1024;
const zeros = Buffer.alloc(holeBytes);

export interface TargetFilesOptions extends MetadataOptions {
  readonly shared: SharedProgress;
  readonly sparse: boolean;
}

export class TargetFiles {
  readonly #options: TargetFilesOptions;
  /** Descriptors of files with several chunks by entry, in order of use. */
  readonly #open = new Map<number, number>();

  constructor(options: TargetFilesOptions) {
    this.#options = options;
  }

  /** False when an earlier failure makes writing pointless; that was told. */
  isWanted(file: JobFile): boolean {
    return Atomics.load(this.#options.shared.states, file.entry) !== fileStates.failed;
  }

  /** Writes a chunk. @returns true when the file is whole now. @throws FILE_FAILED. */
  write(file: JobFile, content: Buffer, offset: number): boolean {
    const descriptor = this.#descriptorOf(file);
    try {
      const leaveHoles = this.#options.sparse && file.action !== actions.update;
      writeAll(descriptor, content, offset, leaveHoles);
    } catch (error) {
      throw fileFailed(file.path, 'write the file', error);
    }
    if (Atomics.sub(this.#options.shared.pending, file.entry, 1) !== 1) return false;
    this.#finish(file, descriptor);
    return true;
  }

  /** A file of which nothing is fetched. @throws FILE_FAILED. */
  finishNow(file: JobFile): void {
    if (file.action !== actions.metadata) {
      this.#finish(file, this.#descriptorOf(file));
      return;
    }
    try {
      if (!lstatSync(file.path).isFile()) throw new Error('no regular file any more');
    } catch (error) {
      throw fileFailed(file.path, 'look at the file', error);
    }
    applyMetadata(file.path, undefined, file.record, this.#options);
  }

  /** Marks the file, so that no thread goes on with it. @returns true for the first who does. */
  fail(file: JobFile): boolean {
    const before = Atomics.exchange(this.#options.shared.states, file.entry, fileStates.failed);
    this.#close(file.entry);
    return before !== fileStates.failed;
  }

  close(): void {
    for (const entry of [...this.#open.keys()]) this.#close(entry);
  }

  #finish(file: JobFile, descriptor: number): void {
    const options = file.action === actions.create ? withoutStale(this.#options) : this.#options;
    applyMetadata(file.path, descriptor, file.record, options);
    this.#close(file.entry);
  }

  #descriptorOf(file: JobFile): number {
    const known = this.#open.get(file.entry);
    if (known !== undefined) {
      this.#open.delete(file.entry);
      this.#open.set(file.entry, known);
      return known;
    }
    const descriptor = this.#openFile(file);
    this.#open.set(file.entry, descriptor);
    const [oldest] = this.#open.keys();
    if (this.#open.size > openAtOnce && oldest !== undefined) this.#close(oldest);
    return descriptor;
  }

  #openFile(file: JobFile): number {
    const { states } = this.#options.shared;
    const before = Atomics.compareExchange(states, file.entry, fileStates.untouched, fileStates.opening);
    if (before === fileStates.untouched) return this.#openFirst(file, states);
    // Another thread makes it just now.
    while (Atomics.load(states, file.entry) === fileStates.opening) {
      Atomics.wait(states, file.entry, fileStates.opening);
    }
    try {
      return openSync(file.path, writeFlags);
    } catch (error) {
      throw fileFailed(file.path, 'open the file', error);
    }
  }

  #openFirst(file: JobFile, states: Int32Array): number {
    let state: number = fileStates.failed;
    try {
      const descriptor = file.action === actions.update ? openExisting(file) : createFile(file);
      state = fileStates.open;
      return descriptor;
    } catch (error) {
      throw fileFailed(
        file.path,
        file.action === actions.update ? 'open the file' : 'create the file',
        error,
      );
    } finally {
      // A failure is told by `fail`, which must find it untold.
      Atomics.store(states, file.entry, state === fileStates.open ? state : fileStates.damaged);
      Atomics.notify(states, file.entry);
    }
  }

  #close(entry: number): void {
    const descriptor = this.#open.get(entry);
    if (descriptor === undefined) return;
    this.#open.delete(entry);
    closeSync(descriptor);
  }
}

function withoutStale({ posix }: TargetFilesOptions): MetadataOptions {
  return { posix };
}

function createFile(file: JobFile): number {
  if (file.action === actions.replace) clearPlace(file.path);
  const descriptor = openNew(file.path);
  // Small files are written whole at once; larger ones get their size first, for holes and order.
  if (file.record.size >= holeBytes) sizeOrClose(descriptor, file.record.size);
  return descriptor;
}

function openNew(path: Buffer): number {
  try {
    return openSync(path, createFlags, 0o600);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    // It came since the plan was made.
    clearPlace(path);
    return openSync(path, createFlags, 0o600);
  }
}

function openExisting(file: JobFile): number {
  const descriptor = openWritable(file.path);
  const stat = fstatSync(descriptor);
  if (!stat.isFile()) {
    closeSync(descriptor);
    throw new Error('no regular file any more');
  }
  if (stat.size !== file.record.size) sizeOrClose(descriptor, file.record.size);
  return descriptor;
}

function openWritable(path: Buffer): number {
  try {
    return openSync(path, writeFlags);
  } catch (error) {
    if (systemCode(error) !== 'EACCES') throw error;
    const readable = openSync(path, readFlags);
    try {
      fchmodSync(readable, 0o600);
    } finally {
      closeSync(readable);
    }
    return openSync(path, writeFlags);
  }
}

function sizeOrClose(descriptor: number, sizeBytes: number): void {
  try {
    ftruncateSync(descriptor, sizeBytes);
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function writeAll(descriptor: number, content: Buffer, offset: number, leaveHoles: boolean): void {
  const mayHaveHoles = leaveHoles && content.length >= holeBytes;
  const runs = mayHaveHoles ? solidRuns(content) : [{ start: 0, end: content.length }];
  for (const { start, end } of runs) {
    for (let at = start; at < end; ) at += writeSync(descriptor, content, at, end - at, offset + at);
  }
}

/** The stretches of `content` that are not whole blocks of zeros. */
function* solidRuns(content: Buffer): Generator<{ start: number; end: number }> {
  let start = -1;
  for (let at = 0; at < content.length; at += holeBytes) {
    const block = content.subarray(at, at + holeBytes);
    const isHole = block[0] === 0 && Buffer.compare(block, zeros.subarray(0, block.length)) === 0;
    if (!isHole && start < 0) start = at;
    if (isHole && start >= 0) {
      yield { start, end: at };
      start = -1;
    }
  }
  if (start >= 0) yield { start, end: content.length };
}
