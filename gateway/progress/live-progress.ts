/** How far a run is, kept up to date from the engine's events; read whenever somebody wants to know. */
import type { Clock } from '../../core/clock.js';
import type { BackupProgressReport } from '../../core/wire/backups.js';
import type { BackupEvent } from '../commands/backup-types.js';
import { advanceEta, type Eta, rateOf } from './eta.js';

type ProgressEvent = Extract<BackupEvent, { type: 'progress' }>;

export class LiveProgress {
  readonly #clock: Clock;
  #last: ProgressEvent | undefined;
  #eta: Eta | undefined;
  #sentBytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  take(event: BackupEvent): void {
    if (event.type !== 'progress') return;
    this.#last = event;
    this.#advance(event);
  }

  /** The bucket has a pack of so many bytes. */
  taken(sizeBytes: number): void {
    this.#sentBytes += sizeBytes;
  }

  /** Undefined before the engine has told anything. Ask once a second or so, also when no event comes. */
  report(): BackupProgressReport | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    this.#advance(last);
    const remainingMs = this.#eta?.remainingMs;
    return {
      filesDone: last.filesDone,
      filesTotal: last.totalFiles ?? null,
      bytesDone: last.bytesDone,
      bytesTotal: last.totalBytes ?? null,
      bytesNew: last.bytesNew,
      bytesCompressed: last.bytesStored,
      bytesSent: this.#sentBytes,
      readPerSecond: this.#rate('reading'),
      sendPerSecond: this.#rate('sending'),
      endsAt: remainingMs === undefined ? null : new Date(this.#clock.now() + remainingMs).toISOString(),
      errors: last.errorCount,
    };
  }

  #advance(event: ProgressEvent): void {
    this.#eta = advanceEta(this.#eta, {
      timeMs: this.#clock.monotonicMs(),
      doneBytes: event.bytesDone,
      totalBytes: event.totalBytes,
      storedBytes: event.bytesStored,
      sentBytes: this.#sentBytes,
    });
  }

  #rate(which: 'reading' | 'sending'): number | null {
    const rate = this.#eta && rateOf(this.#eta[which]);
    return rate === undefined ? null : Math.round(rate);
  }
}
