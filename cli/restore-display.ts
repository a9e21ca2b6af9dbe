/** Shows how a restore goes: a bar for people, restic's messages with `--json`. */
import type { Clock } from '../core/clock.js';
import { countOf } from '../core/count.js';
import { messageOf } from '../core/errors.js';
import type { RestoreEvent, RestoreResult } from '../gateway/commands/restore-types.js';
import { complain } from './complain.js';
import { Pace } from './pace.js';
import { formatBytes, formatDuration, progressBar, type Terminal } from './terminal.js';

type ProgressEvent = Extract<RestoreEvent, { type: 'progress' }>;

export interface RestoreDisplayOptions {
  readonly clock: Clock;
  /** 1 prints what changes, 2 what stays as it is too. */
  readonly verbosity: number;
  readonly dryRun: boolean;
  readonly target: string;
}

export class RestoreDisplay {
  readonly #terminal: Terminal;
  readonly #options: RestoreDisplayOptions;
  readonly #pace: Pace;

  constructor(terminal: Terminal, options: RestoreDisplayOptions) {
    this.#terminal = terminal;
    this.#options = options;
    this.#pace = new Pace(options.clock);
  }

  show(event: RestoreEvent): void {
    if (event.type === 'error')
      complain(this.#terminal, 'restore', 'error', event.path, messageOf(event.error));
    else if (event.type === 'warning')
      complain(this.#terminal, 'restore', 'warning', event.path, event.message);
    else if (event.type === 'item') this.#item(event);
    else if (event.type === 'progress' && this.#pace.due()) this.#progress(event);
  }

  finish({ summary, snapshotId, errorCount, filesVerified }: RestoreResult): void {
    this.#terminal.endProgress();
    if (this.#terminal.json) {
      this.#terminal.printJson(summary);
      return;
    }
    const { print, note } = this.#terminal;
    const { dryRun, target } = this.#options;
    const took = formatDuration(summary.seconds_elapsed * 1000);
    print(
      `${dryRun ? 'Would restore' : 'Restored'} ${countOf(summary.files_restored, 'item')}, ${formatBytes(summary.bytes_restored)}, of snapshot ${snapshotId.slice(0, 8)} to ${target} in ${took}.`,
    );
    if (summary.bytes_skipped > 0) print(`${formatBytes(summary.bytes_skipped)} were there already.`);
    if (summary.files_skipped > 0)
      print(`${countOf(summary.files_skipped, 'item left as it is', 'items left as they are')}.`);
    if (summary.files_deleted > 0) print(`${summary.files_deleted} ${dryRun ? 'to be deleted' : 'deleted'}.`);
    if (filesVerified !== undefined) print(`${countOf(filesVerified, 'file')} read again and found equal.`);
    if (errorCount > 0)
      note(`${errorCount} could not be restored; what is incomplete does not have its final time.`);
  }

  #item({ action, path, sizeBytes }: Extract<RestoreEvent, { type: 'item' }>): void {
    const { verbosity, dryRun } = this.#options;
    const wanted = action === 'unchanged' ? 2 : action === 'deleted' && dryRun ? 0 : 1;
    if (verbosity < wanted) return;
    if (this.#terminal.json) {
      this.#terminal.printJson({ message_type: 'verbose_status', action, item: path, size: sizeBytes });
    } else this.#terminal.print(`${action.padEnd(9)}  ${path}`);
  }

  #progress(event: ProgressEvent): void {
    const { bytesDone, totalBytes } = event;
    const wanted = event.phase === 'verify' ? totalBytes : totalBytes - event.bytesSkipped;
    const fraction = wanted > 0 ? Math.min(1, bytesDone / wanted) : 1;
    const elapsedMs = this.#pace.elapsedMs();
    const leftMs = fraction > 0.01 ? (elapsedMs / fraction) * (1 - fraction) : undefined;
    if (this.#terminal.json) {
      this.#status(event, fraction, leftMs);
      return;
    }
    const speed = formatBytes(Math.round(bytesDone / Math.max(0.001, elapsedMs / 1000)));
    const what = event.phase === 'verify' ? 'verifying  ' : '';
    const left = leftMs === undefined ? '' : `  ${formatDuration(leftMs)} left`;
    this.#terminal.progress(
      `${what}${progressBar(fraction)} ${Math.floor(fraction * 100)} %  ${countOf(event.filesDone, 'file')}  ${formatBytes(bytesDone)}  ${speed}/s${left}`,
    );
  }

  /** restic's message of the same name. */
  #status(event: ProgressEvent, fraction: number, leftMs: number | undefined): void {
    this.#terminal.printJson({
      message_type: 'status',
      seconds_elapsed: Math.floor(this.#pace.elapsedMs() / 1000),
      ...(leftMs === undefined ? {} : { seconds_remaining: Math.round(leftMs / 1000) }),
      percent_done: fraction,
      total_files: event.totalFiles,
      files_restored: event.filesDone,
      files_skipped: event.filesSkipped,
      files_deleted: event.filesDeleted,
      total_bytes: event.totalBytes,
      bytes_restored: event.bytesDone,
      bytes_skipped: event.bytesSkipped,
    });
  }
}
