/** How far a run is, kept up to date from the engine's events; read whenever somebody wants to know. */
import type { Clock } from '../../core/clock.js';
import type { BackupProgressReport } from '../../core/wire/api.js';
import type { BackupEvent } from '../commands/backup-types.js';
import { advanceEta, type Eta, rateOf } from './eta.js';

type ProgressEvent = Extract<BackupEvent, { type: 'progress' }>;

/** Of the engine, when it tells them. */
interface FlowCounts {
  readonly type: 'progress';
  readonly bytesRead?: number;
  readonly bytesNew?: number;
  readonly bytesCompressed?: number;
  readonly bytesSent?: number;
}

export class LiveProgress {
  readonly #clock: Clock;
  #last: (ProgressEvent & FlowCounts) | undefined;
  #eta: Eta | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(event: BackupEvent): void {
    if (event.type !== 'progress') return;
    this.#last = event;
    const flow: FlowCounts = event;
    this.#eta = advanceEta(this.#eta, {
      timeMs: this.#clock.monotonicMs(),
      doneBytes: event.bytesDone,
      totalBytes: event.totalBytes,
      storedBytes: flow.bytesCompressed,
      sentBytes: flow.bytesSent,
    });
  }

  /** Undefined before the engine has told anything. */
  report(): BackupProgressReport | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    const remainingMs = this.#eta?.remainingMs;
    return {
      filesDone: last.filesDone,
      filesTotal: last.totalFiles ?? null,
      bytesDone: last.bytesDone,
      bytesTotal: last.totalBytes ?? null,
      bytesRead: last.bytesRead ?? null,
      bytesNew: last.bytesNew ?? null,
      bytesCompressed: last.bytesCompressed ?? null,
      bytesSent: last.bytesSent ?? null,
      readPerSecond: this.#rate('reading'),
      sendPerSecond: last.bytesSent === undefined ? null : this.#rate('sending'),
      endsAt: remainingMs === undefined ? null : new Date(this.#clock.now() + remainingMs).toISOString(),
      errors: last.errorCount,
    };
  }

  #rate(which: 'reading' | 'sending'): number | null {
    const rate = this.#eta && rateOf(this.#eta[which]);
    return rate === undefined ? null : Math.round(rate);
  }
}
