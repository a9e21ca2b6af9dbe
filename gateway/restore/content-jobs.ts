/**
 * From a plan to jobs: pack by pack in the order in which the plan first needs them, each stored
 * byte once, neighbouring ranges as one. Jobs are made one at a time, so that memory stays flat.
 */
import { joinPath } from '../files/path-bytes.js';
import type { BlobEntry } from '../repository/types.js';
import { FileListWriter } from './file-list.js';
import { actions, kinds } from './kinds.js';
import type { ContentJob } from './messages.js';
import type { RestorePlan } from './plan.js';

export interface JobLimits {
  /** Stored bytes of one job. */
  readonly jobBytes: number;
  /** Bytes that nobody needs, read along rather than asking twice. */
  readonly gapBytes: number;
}

const mostTargets = 8192;
const mostFiles = 4096;

export interface JobSource {
  blobsOfPack(packId: string): readonly BlobEntry[];
  localPackFile(packId: string): string | undefined;
}

/** Chunks that each file of the plan waits for. */
export function countPending(plan: RestorePlan, pending: Int32Array): void {
  for (let ref = 0; ref < plan.chunkCount; ref++) {
    const entry = plan.entryOfChunk(ref);
    pending[entry] = (pending[entry] ?? 0) + 1;
  }
}

/** Jobs for files of which nothing is fetched: empty ones, and those whose content is there. */
export function* finishingJobs(plan: RestorePlan, pending: Int32Array): Generator<ContentJob> {
  let files = new FileListWriter();
  for (let entry = 1; entry < plan.entryCount; entry++) {
    const action = plan.actionOf(entry);
    if (plan.kindOf(entry) !== kinds.file || pending[entry] !== 0) continue;
    if (action === actions.leave || action === actions.failed || plan.isBelowFailure(entry)) continue;
    files.add(entry, action, true, diskPath(plan, entry), plan.recordOf(entry));
    if (files.count < mostFiles) continue;
    yield emptyJob(files);
    files = new FileListWriter();
  }
  if (files.count > 0) yield emptyJob(files);
}

function emptyJob(files: FileListWriter): ContentJob {
  return {
    type: 'content',
    packId: '',
    packFile: undefined,
    ranges: [],
    bytes: undefined,
    chunks: new Uint32Array(0),
    ids: new Uint8Array(0),
    targets: new Float64Array(0),
    files: files.take(),
  };
}

function diskPath(plan: RestorePlan, entry: number): Buffer {
  const folder = plan.folderPath(plan.parentOf(entry));
  const path = joinPath(folder, plan.nameOf(entry));
  return joinPath(plan.target, path);
}

/** Jobs for everything that must be fetched. Chunks below folders that failed are left out. */
export function* contentJobs(plan: RestorePlan, source: JobSource, limits: JobLimits): Generator<ContentJob> {
  const { order, starts } = chunksByPack(plan);
  for (const [pack, packId] of plan.packIds.entries()) {
    const refs = order.subarray(starts[pack], starts[pack + 1]);
    refs.sort((a, b) => plan.packOffsetOf(a) - plan.packOffsetOf(b) || a - b);
    yield* jobsOfPack(plan, source, limits, packId, refs);
  }
}

/** A counting sort of the chunks by pack. */
function chunksByPack(plan: RestorePlan): { order: Uint32Array; starts: Uint32Array } {
  const starts = new Uint32Array(plan.packIds.length + 1);
  for (let ref = 0; ref < plan.chunkCount; ref++) {
    const after = plan.packOfChunk(ref) + 1;
    starts[after] = (starts[after] ?? 0) + 1;
  }
  for (let pack = 1; pack < starts.length; pack++)
    starts[pack] = (starts[pack] ?? 0) + (starts[pack - 1] ?? 0);
  const next = starts.slice();
  const order = new Uint32Array(plan.chunkCount);
  for (let ref = 0; ref < plan.chunkCount; ref++) {
    const pack = plan.packOfChunk(ref);
    const at = next[pack] ?? 0;
    order[at] = ref;
    next[pack] = at + 1;
  }
  return { order, starts };
}

function* jobsOfPack(
  plan: RestorePlan,
  source: JobSource,
  limits: JobLimits,
  packId: string,
  refs: Uint32Array,
): Generator<ContentJob> {
  const packFile = source.localPackFile(packId);
  const blobs = source.blobsOfPack(packId);
  let builder = new JobBuilder(plan, packId, packFile, limits.gapBytes);
  let blobAt = 0;
  for (const ref of refs) {
    if (plan.isBelowFailure(plan.entryOfChunk(ref))) continue;
    const offset = plan.packOffsetOf(ref);
    while ((blobs[blobAt]?.offset ?? Number.POSITIVE_INFINITY) < offset) blobAt++;
    const blob = blobs[blobAt];
    if (blob === undefined) break;
    if (builder.isFull(blob, limits.jobBytes)) {
      yield builder.build();
      builder = new JobBuilder(plan, packId, packFile, limits.gapBytes);
    }
    builder.add(blob, ref);
  }
  if (!builder.isEmpty) yield builder.build();
}

class JobBuilder {
  readonly #plan: RestorePlan;
  readonly #packId: string;
  readonly #packFile: string | undefined;
  readonly #gapBytes: number;
  readonly #ranges: [number, number][] = [];
  readonly #chunks: number[] = [];
  readonly #ids: string[] = [];
  readonly #targets: number[] = [];
  readonly #files = new FileListWriter();
  readonly #fileNumbers = new Map<number, number>();
  #lastOffset = -1;
  #bytes = 0;

  constructor(plan: RestorePlan, packId: string, packFile: string | undefined, gapBytes: number) {
    this.#plan = plan;
    this.#packId = packId;
    this.#packFile = packFile;
    this.#gapBytes = gapBytes;
  }

  get isEmpty(): boolean {
    return this.#targets.length === 0;
  }

  isFull(blob: BlobEntry, jobBytes: number): boolean {
    if (this.isEmpty) return false;
    if (this.#targets.length / 2 >= mostTargets || this.#files.count >= mostFiles) return true;
    return blob.offset !== this.#lastOffset && this.#bytes + blob.length > jobBytes;
  }

  add(blob: BlobEntry, ref: number): void {
    if (blob.offset !== this.#lastOffset) this.#addChunk(blob);
    const { entry, fileOffset } = this.#plan.chunk(ref);
    this.#targets.push(this.#fileNumber(entry), fileOffset);
    const countAt = this.#chunks.length - 1;
    this.#chunks[countAt] = (this.#chunks[countAt] ?? 0) + 1;
  }

  build(): ContentJob {
    return {
      type: 'content',
      packId: this.#packId,
      packFile: this.#packFile,
      ranges: this.#ranges,
      bytes: undefined,
      chunks: Uint32Array.from(this.#chunks),
      ids: new Uint8Array(Buffer.from(this.#ids.join(''), 'hex')),
      targets: Float64Array.from(this.#targets),
      files: this.#files.take(),
    };
  }

  #addChunk(blob: BlobEntry): void {
    this.#lastOffset = blob.offset;
    this.#bytes += blob.length;
    this.#chunks.push(blob.offset, blob.length, blob.uncompressedLength, this.#targets.length / 2, 0);
    this.#ids.push(blob.id);
    const range = this.#ranges.at(-1);
    const end = range === undefined ? -1 : range[0] + range[1];
    if (range !== undefined && blob.offset - end <= this.#gapBytes)
      range[1] = blob.offset + blob.length - range[0];
    else this.#ranges.push([blob.offset, blob.length]);
  }

  #fileNumber(entry: number): number {
    const known = this.#fileNumbers.get(entry);
    if (known !== undefined) return known;
    const path = diskPath(this.#plan, entry);
    const number = this.#files.add(
      entry,
      this.#plan.actionOf(entry),
      false,
      path,
      this.#plan.recordOf(entry),
    );
    this.#fileNumbers.set(entry, number);
    return number;
  }
}
