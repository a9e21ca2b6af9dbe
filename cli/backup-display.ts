/** Shows how a backup goes: a bar for people, restic's status messages with `--json`. */
import type { Clock } from '../core/clock.js';
import { countOf } from '../core/count.js';
import { messageOf } from '../core/errors.js';
import type { BackupEvent, BackupResult } from '../gateway/commands/backup-types.js';
import { complain } from './complain.js';
import { Pace } from './pace.js';
import { formatBytes, formatDuration, progressBar, type Terminal } from './terminal.js';

type ProgressEvent = Extract<BackupEvent, { type: 'progress' }>;

export class BackupDisplay {
  readonly #terminal: Terminal;
  readonly #pace: Pace;
  readonly #verbosity: number;

  constructor(terminal: Terminal, clock: Clock, verbosity: number) {
    this.#terminal = terminal;
    this.#pace = new Pace(clock);
    this.#verbosity = verbosity;
  }

  show(event: BackupEvent): void {
    if (event.type === 'progress') this.#progress(event);
    else if (event.type === 'item') this.#item(event);
    else if (event.type === 'error')
      complain(this.#terminal, 'archival', 'error', event.path, messageOf(event.error));
    else if (event.type === 'warning')
      complain(this.#terminal, 'archival', 'warning', event.path, event.message);
    else if (event.type === 'started') this.#started(event.parent);
  }

  finish({ summary, errorCount }: BackupResult): void {
    this.#terminal.endProgress();
    if (this.#terminal.json) {
      this.#terminal.printJson(summary);
      return;
    }
    const { print } = this.#terminal;
    print(
      `Files: ${summary.files_new} new, ${summary.files_changed} changed, ${summary.files_unmodified} unmodified`,
    );
    print(
      `Dirs:  ${summary.dirs_new} new, ${summary.dirs_changed} changed, ${summary.dirs_unmodified} unmodified`,
    );
    print(`Added: ${formatBytes(summary.data_added)} (${formatBytes(summary.data_added_packed)} stored)`);
    print(
      `Processed ${countOf(summary.total_files_processed, 'file')}, ${formatBytes(summary.total_bytes_processed)} in ${formatDuration(summary.total_duration * 1000)}`,
    );
    if (summary.snapshot_id) print(`Snapshot ${summary.snapshot_id.slice(0, 8)} saved.`);
    else if (summary.dry_run) print('Dry run: nothing was stored.');
    else print('Nothing has changed: no snapshot saved.');
    if (errorCount > 0)
      this.#terminal.note(`${errorCount} could not be read; they are missing from the snapshot.`);
  }

  #started(parent: string | undefined): void {
    if (this.#terminal.json) return;
    this.#terminal.note(
      parent
        ? `Comparing with snapshot ${parent.slice(0, 8)}.`
        : 'No snapshot to compare with: reading every file.',
    );
  }

  #progress(event: ProgressEvent): void {
    if (!this.#pace.due()) return;
    if (this.#terminal.json) this.#status(event);
    else this.#terminal.progress(progressLine(event, this.#pace.elapsedMs()));
  }

  /** restic's message of the same name. */
  #status(event: ProgressEvent): void {
    const { totalBytes, totalFiles } = event;
    this.#terminal.printJson({
      message_type: 'status',
      seconds_elapsed: Math.floor(this.#pace.elapsedMs() / 1000),
      percent_done: totalBytes ? event.bytesDone / totalBytes : 0,
      ...(totalFiles === undefined ? {} : { total_files: totalFiles }),
      files_done: event.filesDone,
      ...(totalBytes === undefined ? {} : { total_bytes: totalBytes }),
      bytes_done: event.bytesDone,
      error_count: event.errorCount,
      current_files: [event.currentFile],
    });
  }

  #item(event: Extract<BackupEvent, { type: 'item' }>): void {
    if (this.#verbosity < 1 || (this.#verbosity < 2 && event.action === 'unmodified')) return;
    // restic's word.
    const action = event.action === 'unmodified' ? 'unchanged' : event.action;
    const path = event.kind === 'folder' && event.path !== '/' ? `${event.path}/` : event.path;
    if (this.#terminal.json) {
      this.#terminal.printJson({
        message_type: 'verbose_status',
        action,
        item: path,
        duration: 0,
        data_size: event.sizeBytes,
        data_size_in_repo: 0,
        metadata_size: 0,
        metadata_size_in_repo: 0,
        total_files: 0,
      });
    } else {
      this.#terminal.print(`${action.padEnd(9)} ${path}`);
    }
  }
}

function progressLine(event: ProgressEvent, elapsedMs: number): string {
  const speed = formatBytes(Math.round(event.bytesDone / Math.max(0.001, elapsedMs / 1000)));
  const done = `${countOf(event.filesDone, 'file')}  ${formatBytes(event.bytesDone)}  ${speed}/s`;
  if (!event.totalBytes) return `${done}  ${event.currentFile}`;
  const fraction = event.bytesDone / event.totalBytes;
  const left = fraction > 0.01 ? `  ${formatDuration((elapsedMs / fraction) * (1 - fraction))} left` : '';
  return `${progressBar(fraction)} ${Math.floor(fraction * 100)} %  ${done}${left}  ${event.currentFile}`;
}
