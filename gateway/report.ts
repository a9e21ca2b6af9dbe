/**
 * Tells the backend about runs. Every report lies on disk until the backend has taken it, so none is
 * lost while the network or the backend is away; they arrive in order. A run that a crash cut off is
 * reported as failed at the next start.
 */
import { readdir, readFile, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, sleep, withTimeout } from '../core/clock.js';
import { messageOf } from '../core/errors.js';
import { makePrivateFolder, writeFileDurably } from '../core/files.js';
import type { Closeable } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import { apiRoot } from '../core/wire/api-root.js';
import { type BackupReport, backupReport } from '../core/wire/backups.js';

export interface ReporterOptions {
  /** Origin of the backend, `http://host:port`. */
  readonly url: string;
  /** Read at every attempt: the backend may write it later than we start, and renew it. */
  readonly tokenFile: string;
  /** For reports not yet taken; the reporter's alone. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Pending {
  readonly fileName: string;
  readonly report: BackupReport;
}

/** Older reports go when the backend stays away so long that more than these wait. */
const mostPending = 200;
const answerLimitMs = 15_000;
const closeLimitMs = 2_000;
const firstDelayMs = 2_000;
const longestDelayMs = 5 * 60_000;
const queued = /^queued-(\d{12})\.json$/;
const runningPrefix = 'running-';
const running = /^running-.*\.json$/;

export class Reporter implements Closeable {
  readonly #options: ReporterOptions;
  readonly #pending: Pending[];
  readonly #stop = new AbortController();
  #number: number;
  #wake = new AbortController();
  #sending: Promise<void> | undefined;
  #storing: Promise<void> = Promise.resolve();
  /** The newest word on a run that goes on; nothing is lost with it. */
  #progress: BackupReport | undefined;

  private constructor(options: ReporterOptions, pending: Pending[]) {
    this.#options = options;
    this.#pending = pending;
    this.#number = Number(queued.exec(pending.at(-1)?.fileName ?? '')?.[1] ?? 0);
  }

  static async open(options: ReporterOptions): Promise<Reporter> {
    await makePrivateFolder(options.folder);
    const names = (await readdir(options.folder)).sort();
    const pending: Pending[] = [];
    for (const fileName of names.filter((name) => queued.test(name))) {
      const report = await readReport(join(options.folder, fileName));
      if (report !== undefined) pending.push({ fileName, report });
    }
    const reporter = new Reporter(options, pending);
    // Left by a crash in the middle of a write: the report itself is there in its earlier state, or never was.
    for (const name of names.filter((other) => other.endsWith('.tmp'))) {
      await rm(join(options.folder, name), { force: true });
    }
    for (const name of names.filter((other) => running.test(other))) {
      await reporter.#reportCutOff(name);
    }
    reporter.#send();
    return reporter;
  }

  /** Reports that the backend has not taken yet. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  /** Resolves when the report is safe on disk; it is sent from there. */
  report(report: BackupReport): Promise<void> {
    const stored = this.#storing.then(() => this.#store(report));
    this.#storing = stored.catch((error: unknown) => {
      this.#options.log.error('a report cannot be stored', { folder: this.#options.folder, error });
    });
    return this.#storing;
  }

  /**
   * Sends how far a run is, once, unless something newer or the backend's absence comes between. Not
   * kept on disk.
   */
  reportProgress(report: BackupReport): void {
    this.#progress = report;
    this.#send();
  }

  /** Tries for two seconds to hand over what is left; the rest goes after the next start. */
  async close(): Promise<void> {
    await this.#storing;
    const { clock } = this.#options;
    this.#wake.abort();
    this.#send();
    await withTimeout(clock, closeLimitMs, this.#sending ?? Promise.resolve(), () => {});
    this.#stop.abort();
    await this.#sending;
  }

  async #store(report: BackupReport): Promise<void> {
    const { folder } = this.#options;
    if (this.#progress?.runId === report.runId) this.#progress = undefined;
    const marker = join(folder, `${runningPrefix}${report.runId}.json`);
    const fileName = `queued-${String(++this.#number).padStart(12, '0')}.json`;
    const text = JSON.stringify(report);
    if (report.state === 'RUNNING') await writeFileDurably(marker, text);
    await writeFileDurably(join(folder, fileName), text);
    this.#pending.push({ fileName, report });
    if (report.state !== 'RUNNING') await unlink(marker).catch(() => {});
    while (this.#pending.length > mostPending) await this.#drop(this.#pending[0]);
    this.#wake.abort();
    this.#send();
  }

  async #reportCutOff(fileName: string): Promise<void> {
    const filePath = join(this.#options.folder, fileName);
    const report = await readReport(filePath);
    if (report === undefined) return;
    const endedAt = new Date(this.#options.clock.now()).toISOString();
    const error = 'The gateway was stopped in the middle of this run.';
    await this.report({ ...report, state: 'FAILED', endedAt, error });
  }

  /** One sender at a time; it goes on until nothing is left. */
  #send(): void {
    const isIdle = this.#pending.length === 0 && this.#progress === undefined;
    if (this.#sending !== undefined || isIdle || this.#stop.signal.aborted) return;
    this.#sending = this.#sendAll().finally(() => {
      this.#sending = undefined;
      // What came after the last look.
      if (this.#pending.length > 0) this.#send();
    });
  }

  async #sendAll(): Promise<void> {
    let failures = 0;
    for (let next = this.#pending[0]; next !== undefined; next = this.#pending[0]) {
      if (this.#stop.signal.aborted) return;
      try {
        await this.#post(next.report);
        await this.#drop(next);
        failures = 0;
      } catch (error) {
        failures += 1;
        const level = failures === 1 ? 'warn' : 'debug';
        this.#options.log[level]('the backend did not take a report', { url: this.#options.url, error });
        await this.#pause(Math.min(longestDelayMs, firstDelayMs * 2 ** (failures - 1)));
      }
    }
    await this.#sendProgress();
  }

  async #sendProgress(): Promise<void> {
    const report = this.#progress;
    this.#progress = undefined;
    if (report === undefined) return;
    try {
      await this.#post(report);
    } catch (error) {
      this.#options.log.debug('the backend did not take a progress report', { error });
    }
  }

  /** Ends early when a new report comes or the reporter closes. */
  async #pause(delayMs: number): Promise<void> {
    this.#wake = new AbortController();
    const signal = AbortSignal.any([this.#wake.signal, this.#stop.signal]);
    await sleep(this.#options.clock, delayMs, signal).catch(() => {});
  }

  async #drop(pending: Pending | undefined): Promise<void> {
    const at = pending === undefined ? -1 : this.#pending.indexOf(pending);
    if (pending === undefined || at < 0) return;
    this.#pending.splice(at, 1);
    await unlink(join(this.#options.folder, pending.fileName)).catch(() => {});
  }

  /** Resolves when the backend took the report or will never take it. */
  async #post(report: BackupReport): Promise<void> {
    const { url, tokenFile, clock, log } = this.#options;
    const token = (await readFile(tokenFile, 'utf8')).trim();
    const limit = new AbortController();
    const timer = clock.after(answerLimitMs, () => limit.abort(new Error('no answer in time')));
    try {
      const response = await fetch(`${url.replace(/\/$/, '')}${apiRoot}/backups/reports`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(report),
        signal: AbortSignal.any([limit.signal, this.#stop.signal]),
      });
      await response.arrayBuffer();
      if (response.ok) return;
      if (![400, 413, 422].includes(response.status)) throw new Error(`HTTP ${response.status}`);
      log.error('the backend refuses a report, it is dropped', { status: response.status, job: report.job });
    } finally {
      timer.cancel();
    }
  }
}

async function readReport(filePath: string): Promise<BackupReport | undefined> {
  try {
    return backupReport.parse(JSON.parse(await readFile(filePath, 'utf8')));
  } catch (error) {
    // A broken report is worth nothing and must not stop the others.
    await unlink(filePath).catch(() => messageOf(error));
    return undefined;
  }
}
