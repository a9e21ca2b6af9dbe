/**
 * Carries out update jobs: proves the signature, downloads, proves the digest, unpacks beside the old
 * version, switches, and asks to be started anew. Every step can be repeated: a killed agent is handed
 * the same job again and finds on disk how far it was.
 */
import type { KeyObject } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import { faultsOf } from '../../core/config.js';
import { GatehouseError, hasCode, messageOf } from '../../core/errors.js';
import { type UpdateDocument, updateDocument } from '../../core/wire/update.js';
import type { JobHandler, JobOutcome, RunningJob } from '../jobs/job-client.js';
import { download } from './download.js';
import { downloadFailed } from './errors.js';
import type { InstallFolder, UpdateState } from './install-folder.js';
import { unpack } from './unpack.js';
import { checkDigest, checkSignature } from './verify.js';

export interface UpdateHandlerOptions {
  readonly folder: InstallFolder;
  readonly publicKey: KeyObject;
  /** The release that this process was started from; null for the one that came with the machine. */
  readonly release: string | null;
  /** Resolves when the trial of this process is over; at once when it is on none. */
  readonly trial: Promise<void>;
  /** The identity's CA, trusted for downloads besides the public ones. */
  readonly caPath: string;
  /** Ends this process; the launcher starts what `current` points to. */
  readonly restart: () => void;
  readonly clock: Clock;
}

export class UpdateHandler implements JobHandler {
  readonly #options: UpdateHandlerOptions;

  constructor(options: UpdateHandlerOptions) {
    this.#options = options;
  }

  async run(job: RunningJob, signal: AbortSignal): Promise<JobOutcome> {
    const { folder, release, trial } = this.#options;
    const before = await folder.readState();
    if (before?.phase === 'trial') {
      if (before.version !== release) return this.#restart(signal);
      await job.progress({ step: 'trial', version: before.version });
      await trial;
      if (signal.aborted) throw new Error('closing');
    }
    const state = await folder.readState();
    if (state?.jobId === job.id) return outcomeOf(state);
    if (state !== undefined) await folder.clearState();
    const parsed = updateDocument.safeParse(job.document);
    if (!parsed.success) {
      return {
        status: 'REJECTED',
        details: { reason: `Not understood: ${faultsOf(parsed.error).join('; ')}` },
      };
    }
    const { version } = parsed.data.release;
    if (version === release) return { status: 'SUCCEEDED', details: { step: 'unchanged', version } };
    try {
      await this.#install(job, parsed.data, signal);
    } catch (error) {
      if (signal.aborted || hasCode(error, 'INTERRUPTED')) throw error;
      const code = error instanceof GatehouseError ? error.code : 'FAILED';
      return { status: 'FAILED', details: { version, code, reason: messageOf(error) } };
    }
    return this.#restart(signal);
  }

  async reported(job: RunningJob): Promise<void> {
    const state = await this.#options.folder.readState();
    if (state?.jobId === job.id && state.phase !== 'trial') await this.#options.folder.clearState();
  }

  async #install(job: RunningJob, document: UpdateDocument, signal: AbortSignal): Promise<void> {
    const { folder, publicKey, release: running, clock } = this.#options;
    const { release, url, healthSeconds, graceSeconds } = document;
    const { version, sizeBytes, sha256 } = release;
    checkSignature(release, publicKey);
    const filePath = join(folder.root, 'downloads', `${sha256}.part`);
    await mkdir(join(folder.root, 'downloads'), { recursive: true });
    const caPem = await readFile(this.#options.caPath, 'utf8').catch(() => '');
    let toldPercent = -1;
    const onProgress = (bytes: number) => {
      const percent = Math.floor((10 * bytes) / sizeBytes) * 10;
      if (percent <= toldPercent) return;
      toldPercent = percent;
      void job.progress({ step: 'downloading', version, percent: String(percent) });
    };
    const renewUrl = () => freshUrl(job, sha256);
    await download({ url, renewUrl, filePath, sizeBytes, caPem, clock, signal, onProgress });
    try {
      await checkDigest(filePath, release);
      await job.progress({ step: 'installing', version });
      await unpack(folder, filePath, version);
    } finally {
      // What is damaged must not be gone on with; what is installed needs no archive.
      await rm(filePath, { force: true });
    }
    await folder.writeState({
      jobId: job.id,
      version,
      previous: running,
      phase: 'trial',
      healthSeconds,
      graceSeconds,
      starts: 0,
    });
    await folder.point(version);
    await job.progress({ step: 'restarting', version });
  }

  /** The process ends; its successor reports. */
  async #restart(signal: AbortSignal): Promise<never> {
    this.#options.restart();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    throw new Error('restarting');
  }
}

/** @throws DOWNLOAD_FAILED when the document is now another. */
async function freshUrl(job: RunningJob, sha256: string): Promise<string> {
  const parsed = updateDocument.safeParse(await job.documentNow());
  if (!parsed.success || parsed.data.release.sha256 !== sha256) {
    throw downloadFailed('the job is about another artifact now', false);
  }
  return parsed.data.url;
}

function outcomeOf({ phase, version, reason, previous }: UpdateState): JobOutcome {
  if (phase === 'committed') return { status: 'SUCCEEDED', details: { step: 'committed', version } };
  const details = {
    step: 'rolled back',
    version,
    runs: previous ?? 'the version that came with the machine',
  };
  return { status: 'FAILED', details: { ...details, reason: reason ?? 'unknown' } };
}
