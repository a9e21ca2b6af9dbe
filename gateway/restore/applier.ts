/**
 * Carries out a plan: folders on the way down, content by the threads, then links and devices, then
 * deletions, and last the folders' own metadata, deepest first. Links come after all content, so
 * that nothing can be written through one. A failure of one entry is told and the rest goes on.
 */
import { lstatSync, mkdirSync } from 'node:fs';
import { mapBounded } from '../../core/bounded.js';
import { GatehouseError } from '../../core/errors.js';
import { throwIfAborted, throwIfBucketFailed } from '../commands/abort.js';
import type { Selection } from '../commands/snapshot-walk.js';
import { fileFailed } from '../files/errors.js';
import { displayPath } from '../files/path-bytes.js';
import {
  applyMetadata,
  clearPlace,
  type MetadataOptions,
  makeFolder,
  placeHardLink,
  placeNode,
  placeSymlink,
} from '../files/placing.js';
import type { Repository } from '../repository/repository.js';
import { readsOfDamaged } from '../repository/rereading.js';
import { contentJobs, countPending, finishingJobs } from './content-jobs.js';
import { deleteExtra } from './deleting.js';
import type { EntryRecord } from './entry-record.js';
import { targetFull } from './errors.js';
import { formatOfKind } from './existing.js';
import { actions, type Kind, kinds } from './kinds.js';
import type { ContentAnswer, ContentJob, PlainError } from './messages.js';
import type { RestorePlan } from './plan.js';
import type { RestoreTally } from './tally.js';
import type { RestoreWorkers } from './workers.js';

const localLimits = { jobBytes: 4 * 1024 * 1024, gapBytes: 128 * 1024 };
const remoteLimits = { jobBytes: 8 * 1024 * 1024, gapBytes: 512 * 1024 };
/** Ranges on their way from the bucket at once; 64 MiB at most. */
const fetchesAtOnce = 8;
/** How often a long stretch of local work lets events and signals in. */
const entriesPerTurn = 512;

export interface ApplierParts {
  readonly repository: Repository;
  readonly plan: RestorePlan;
  readonly workers: RestoreWorkers;
  readonly selection: Selection;
  readonly tally: RestoreTally;
  readonly signal: AbortSignal;
  readonly metadata: MetadataOptions;
}

export class Applier {
  readonly #parts: ApplierParts;
  /** Entries whose failure was told; 1 for each. */
  readonly #failed: Uint8Array;

  constructor(parts: ApplierParts) {
    this.#parts = parts;
    this.#failed = new Uint8Array(parts.plan.entryCount);
  }

  /** @throws INTERRUPTED, TARGET_FULL, FILE_FAILED (of the target), and the bucket's errors. */
  async run(): Promise<void> {
    this.#makeTarget();
    await this.#each(1, 1, (entry, kind) => this.#makeFolder(entry, kind));
    await this.#bringContent();
    await this.#each(1, 1, (entry, kind) => this.#place(entry, kind));
    await this.#delete();
    const { entryCount } = this.#parts.plan;
    await this.#each(entryCount - 1, -1, (entry, kind) => this.#finishFolder(entry, kind));
  }

  #makeTarget(): void {
    const { target } = this.#parts.plan;
    try {
      mkdirSync(target, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw fileFailed(target, 'make the target folder', error);
    }
  }

  /** All entries from `start` on, with time for others in between. */
  async #each(start: number, step: 1 | -1, work: (entry: number, kind: Kind) => void): Promise<void> {
    const { plan } = this.#parts;
    for (let entry = start; entry > 0 && entry < plan.entryCount; entry += step) {
      if (entry % entriesPerTurn === 0) await this.#turn();
      work(entry, plan.kindOf(entry));
    }
    throwIfAborted(this.#parts.signal);
  }

  async #turn(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    throwIfAborted(this.#parts.signal);
  }

  #makeFolder(entry: number, kind: Kind): void {
    const { plan } = this.#parts;
    if (kind !== kinds.folder || plan.isBelowFailure(plan.parentOf(entry))) return;
    this.#attempt(entry, () => {
      const path = plan.diskPath(entry);
      if (plan.actionOf(entry) === actions.replace) clearFolderPlace(path);
      makeFolder(path);
    });
    if (this.#failed[entry] === 1) plan.setAction(entry, actions.failed);
  }

  async #bringContent(): Promise<void> {
    const { plan, workers, repository, signal } = this.#parts;
    const words = () => new Int32Array(new SharedArrayBuffer(4 * plan.entryCount));
    const shared = { pending: words(), states: words() };
    countPending(plan, shared.pending);
    workers.begin(shared);
    await this.#perform(finishingJobs(plan, shared.pending), workers.count * 2);
    const isLocal = plan.packIds.every((packId) => repository.localPackFile(packId) !== undefined);
    const jobs = contentJobs(plan, repository, isLocal ? localLimits : remoteLimits);
    await this.#perform(jobs, isLocal ? workers.count * 2 + 1 : fetchesAtOnce);
    throwIfAborted(signal);
  }

  async #perform(jobs: Iterable<ContentJob>, atOnce: number): Promise<void> {
    for await (const answers of mapBounded(jobs, atOnce, (job) => this.#send(job))) {
      for (const answer of answers) this.#account(answer);
      throwIfAborted(this.#parts.signal);
    }
  }

  #account(answer: ContentAnswer): void {
    this.#parts.tally.wrote(answer.bytesWritten);
    for (const entry of answer.finished) this.#done(entry);
    for (const { entry, error } of answer.failures) this.#fail(entry, fromPlain(error));
  }

  async #send(job: ContentJob): Promise<ContentAnswer[]> {
    if (job.packFile !== undefined || job.ranges.length === 0) return [await this.#parts.workers.write(job)];
    const answers: ContentAnswer[] = [];
    let next: ContentJob | undefined = job;
    for (let reads = 1; next !== undefined; reads++) {
      const answer: ContentAnswer = await this.#fetchAndWrite({ ...next, mayRepeat: reads < readsOfDamaged });
      answers.push(answer);
      next = answer.repeat;
    }
    return answers;
  }

  async #fetchAndWrite(job: ContentJob): Promise<ContentAnswer> {
    const { workers } = this.#parts;
    const bytes: Uint8Array[] = [];
    try {
      for (const [offset, length] of job.ranges) bytes.push(await this.#fetch(job.packId, offset, length));
    } catch (error) {
      throwIfAborted(this.#parts.signal);
      throwIfBucketFailed(error);
      this.#parts.tally.warning(`Pack ${job.packId}: ${error instanceof Error ? error.message : error}`);
      // Without its bytes every file of the job fails there, each with its own message.
      return workers.write({ ...job, mayRepeat: false, bytes: job.ranges.map(() => new Uint8Array(0)) });
    }
    return workers.write({ ...job, bytes });
  }

  /** In memory of its own, so that it can be given away. */
  async #fetch(packId: string, offset: number, length: number): Promise<Uint8Array> {
    const { repository, signal } = this.#parts;
    const bytes = await repository.loadRange({ packId, offset, length }, { signal });
    return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
  }

  /** Links, fifos, sockets, devices and further names. */
  #place(entry: number, kind: Kind): void {
    const { plan } = this.#parts;
    if (kind === kinds.folder || kind === kinds.file || plan.isBelowFailure(entry)) return;
    this.#attempt(entry, () => this.#placeEntry(entry, plan.entry(entry)));
    if (this.#failed[entry] === 0) this.#done(entry);
  }

  #placeEntry(entry: number, record: EntryRecord): void {
    const { plan, metadata } = this.#parts;
    const path = plan.diskPath(entry);
    const isLink = record.kind === kinds.symlink;
    if (record.kind === kinds.hardLink) this.#placeFurtherName(path, record.size);
    else if (plan.actionOf(entry) === actions.metadata)
      applyMetadata(path, undefined, record, { ...metadata, isLink });
    else if (isLink) placeSymlink(path, record.linkTarget, record, metadata);
    else placeNode(path, { format: formatOfKind[record.kind], device: record.device }, record, metadata);
  }

  #placeFurtherName(path: Buffer, first: number): void {
    const { plan } = this.#parts;
    const firstPath = plan.diskPath(first);
    if (this.#failed[first] === 1)
      throw fileFailed(path, `link it to ${displayPath(firstPath)}`, new Error('that failed'));
    const [one, other] = [firstPath, path].map((name) =>
      lstatSync(name, { bigint: true, throwIfNoEntry: false }),
    );
    if (one !== undefined && one.ino === other?.ino && one.dev === other.dev) return;
    placeHardLink(firstPath, path);
  }

  async #delete(): Promise<void> {
    const { plan, selection, tally } = this.#parts;
    for (const deletion of plan.deletions) {
      await this.#turn();
      try {
        deleteExtra(plan.target, deletion, selection);
        tally.deleted(deletion.path);
      } catch (error) {
        tally.error(deletion.path, error);
      }
    }
  }

  #finishFolder(entry: number, kind: Kind): void {
    const { plan, metadata } = this.#parts;
    if (kind !== kinds.folder || plan.isBare(entry) || plan.isBelowFailure(entry)) return;
    const isNew = plan.actionOf(entry) !== actions.update;
    const options = isNew ? { posix: metadata.posix } : metadata;
    this.#attempt(entry, () => applyMetadata(plan.diskPath(entry), undefined, plan.entry(entry), options));
    if (this.#failed[entry] === 0) this.#done(entry);
  }

  #attempt(entry: number, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(entry, error);
    }
  }

  #done(entry: number): void {
    this.#parts.tally.restored(this.#parts.plan, entry);
  }

  #fail(entry: number, error: unknown): void {
    const { plan, tally } = this.#parts;
    this.#failed[entry] = 1;
    tally.error(plan.path(entry), error);
    if (
      error instanceof GatehouseError &&
      /ENOSPC|EDQUOT/.test(`${error.context['reason']} ${error.message}`)
    ) {
      throw targetFull(displayPath(plan.target), error);
    }
  }
}

function clearFolderPlace(path: Buffer): void {
  try {
    clearPlace(path);
  } catch (error) {
    throw fileFailed(path, 'make room for the folder', error);
  }
}

function fromPlain({ code, message, hint }: PlainError): Error {
  return new GatehouseError(code, message, hint === undefined ? {} : { hint });
}
