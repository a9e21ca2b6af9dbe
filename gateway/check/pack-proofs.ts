/**
 * Reads packs and proves them on all cores: hash, open, decompress. Files of this machine are read by
 * whoever proves them, blob by blob; other packs the main thread fetches into a few slots of shared
 * memory, and threads prove them. A few packs are proved here, since starting threads takes longer.
 */
import { availableParallelism } from 'node:os';
import { mapBounded, throwIfAborted } from '../../core/bounded.js';
import type { Closeable } from '../../core/lifecycle.js';
import { keyMaterialBytes } from '../repository/crypto.js';
import { keyOf } from '../repository/layout.js';
import type { Repository } from '../repository/repository.js';
import type { CallOptions, Problem } from '../repository/types.js';
import { JobThreads } from '../threads/job-threads.js';
import { FileProofs } from './file-proofs.js';
import { packEntries } from './pack-entries.js';
import { Pool } from './pool.js';
import type { PackJob, PackReply, SlotJob } from './protocol.js';
import { proveSlot } from './prove-pack.js';

const mebibyte = 1024 * 1024;
/** Packs are outside of the heap; what is in it is short-lived. */
const resourceLimits = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 2 };
/** Below this sum threads do not pay. */
const threadsFromBytes = 32 * mebibyte;
/** For packs being fetched while the threads are busy. */
const slotsAhead = 1;
/** All slots together; a single one may be larger up to `largestSlot`. */
const memoryBytes = 160 * mebibyte;
/** Larger packs are spooled and proved on the main thread; restic makes none. */
const largestSlot = 192 * mebibyte;

export interface ProofOptions extends CallOptions {
  /** Threads; one per core unless told, none for little data. */
  readonly threads?: number;
  readonly onProblem: (problem: Problem) => void;
  /** Called after each pack with the bytes it had. */
  readonly onPack: (sizeBytes: number) => void;
}

export interface PacksToProve {
  readonly count: number;
  readonly sizeBytes: number;
  readonly largestBytes: number;
  ids(): Iterable<string>;
}

/**
 * @throws INTERRUPTED, and the bucket's errors.
 */
export async function provePacks(
  repository: Repository,
  packs: PacksToProve,
  options: ProofOptions,
): Promise<void> {
  const wanted = options.threads ?? (packs.sizeBytes < threadsFromBytes ? 0 : availableParallelism());
  const threads = Math.min(wanted, packs.count);
  const slotBytes = Math.min(packs.largestBytes, largestSlot);
  const slots = Math.max(1, Math.min(threads + slotsAhead, Math.floor(memoryBytes / slotBytes)));
  const proofs = new PackProofs(repository, { threads, slotBytes, slots }, options);
  try {
    const prove = (packId: string) => proofs.prove(packId);
    for await (const { sizeBytes, problems } of mapBounded(packs.ids(), proofs.packsAtOnce, prove)) {
      for (const problem of problems) options.onProblem(problem);
      options.onPack(sizeBytes);
    }
  } finally {
    await proofs.close();
  }
}

interface Proof {
  readonly sizeBytes: number;
  readonly problems: readonly Problem[];
}

class PackProofs implements Closeable {
  readonly #repository: Repository;
  readonly #options: ProofOptions;
  /** Undefined where all is proved on this thread. */
  readonly #threads: JobThreads<PackJob, PackReply> | undefined;
  readonly #slotBytes: number;
  /** Used again and again: shared memory goes back to the system late. */
  readonly #slots: Pool<SharedArrayBuffer>;
  readonly #files: FileProofs | undefined;
  /** Results come in order: some are begun while others wait for the oldest. */
  readonly packsAtOnce: number;

  constructor(
    repository: Repository,
    sizes: { readonly threads: number; readonly slots: number; readonly slotBytes: number },
    options: ProofOptions,
  ) {
    this.#repository = repository;
    this.#options = options;
    const { sealer } = repository.stores;
    if (sizes.threads > 0) {
      const settings = { key: keyMaterialBytes(sealer.key) };
      const threadsOf = (count: number) =>
        new JobThreads<PackJob, PackReply>({ program: 'check/worker.js', settings, resourceLimits, count });
      this.#threads = threadsOf(sizes.threads);
      const others = { jobs: threadsOf(sizes.threads - 1), count: sizes.threads - 1 };
      this.#files = new FileProofs(sealer, others, options.signal);
    }
    this.packsAtOnce = Math.max(sizes.slots, (this.#files?.jobsAtOnce ?? 0) + sizes.threads) + 1;
    this.#slotBytes = sizes.slotBytes;
    const slot = () => new SharedArrayBuffer(sizes.slotBytes);
    this.#slots = new Pool(Array.from({ length: sizes.slots }, slot));
  }

  async close(): Promise<void> {
    await Promise.all([this.#threads?.close(), this.#files?.close()]);
  }

  /** What comes damaged is read again: streams have no checksum on their way, or none that says much. */
  async prove(packId: string): Promise<Proof> {
    const proof = await this.#proveOnce(packId);
    const isDamaged = proof.problems.some(({ code }) => code === 'PACK_HASH');
    return isDamaged ? this.#proveOnce(packId) : proof;
  }

  async #proveOnce(packId: string): Promise<Proof> {
    const { signal } = this.#options;
    throwIfAborted(signal);
    const call = signal ? { signal } : {};
    const sizeBytes = (await this.#repository.stores.bucket.stat(keyOf('pack', packId), call)) ?? 0;
    if (sizeBytes === 0) return this.#proveSpooled(packId, sizeBytes);
    const filePath = this.#repository.localPackFile(packId);
    if (filePath !== undefined && this.#files !== undefined) {
      const problems = await this.#files.prove({ filePath, ...this.#factsOf(packId, sizeBytes) });
      // The bucket tells what is the matter with a file that cannot be read.
      return problems === undefined ? this.#proveSpooled(packId, sizeBytes) : { sizeBytes, problems };
    }
    if (sizeBytes > this.#slotBytes) return this.#proveSpooled(packId, sizeBytes);
    return this.#proveFetched(packId, call);
  }

  #proveFetched(packId: string, call: CallOptions): Promise<Proof> {
    return this.#slots.use(async (slot) => {
      const sizeBytes = await this.#fetch(packId, slot, call);
      return { sizeBytes, problems: await this.#run({ slot, ...this.#factsOf(packId, sizeBytes) }) };
    });
  }

  #factsOf(packId: string, sizeBytes: number) {
    const { index } = this.#repository.stores;
    const expectedBytes = index.pack(packId)?.sizeBytes;
    return { packId, sizeBytes, expectedBytes, ...packEntries(index.blobsOfPack(packId)) };
  }

  async #proveSpooled(packId: string, sizeBytes: number): Promise<Proof> {
    const problems: Problem[] = [];
    const call = this.#options.signal ? { signal: this.#options.signal } : {};
    for await (const problem of this.#repository.verifyPack(packId, 'data', call)) problems.push(problem);
    return { sizeBytes, problems };
  }

  /** @returns how many bytes there were; a file that grew meanwhile shows as another hash. */
  async #fetch(packId: string, slot: SharedArrayBuffer, call: CallOptions): Promise<number> {
    const stream = await this.#repository.stores.bucket.getStream(keyOf('pack', packId), call);
    const target = Buffer.from(slot);
    let at = 0;
    for await (const bytes of (stream ?? []) as AsyncIterable<Uint8Array>) {
      throwIfAborted(call.signal);
      target.set(bytes.subarray(0, target.length - at), at);
      at = Math.min(target.length, at + bytes.length);
    }
    return at;
  }

  async #run(job: SlotJob): Promise<readonly Problem[]> {
    if (this.#threads === undefined) return proveSlot(job, this.#repository.stores.sealer);
    const reply = await this.#threads.run(job);
    if ('failure' in reply) throw new Error(reply.failure);
    return reply.problems;
  }
}
