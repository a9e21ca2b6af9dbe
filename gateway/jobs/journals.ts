/** One change journal per job, kept for as long as the gateway runs. */
import { lstat } from 'node:fs/promises';
import type { Clock } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { JobConfig } from '../config.js';
import { pathBytes } from '../files/path-bytes.js';
import { FileSelection, type SelectionOptions } from '../files/selection.js';
import { ChangeJournal, type JournalTurn } from '../journal/change-journal.js';
import { parseDuration } from '../schedule/duration.js';

export class Journals implements Closeable {
  readonly #clock: Clock;
  readonly #journals = new Map<string, ChangeJournal>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Before the job's backup looks at any file; undefined when it keeps no journal. */
  async begin(job: JobConfig, selection: SelectionOptions, log: Logger): Promise<JournalTurn | undefined> {
    if (!job.journal || job.paths.length === 0) return undefined;
    const turn = await this.#journalOf(job, log).begin({
      roots: await foldersOf(job.paths),
      // Patterns alone: a marker file may come and go, and with it what it leaves out.
      isLeftOut: leftOutBy(selection),
      settings: JSON.stringify([job.paths, job.repository, selection]),
    });
    log.info(turn.reason === undefined ? 'visiting what changed' : 'visiting everything', {
      reason: turn.reason,
    });
    return turn;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#journals.values()].map((journal) => journal.close()));
  }

  #journalOf(job: JobConfig, log: Logger): ChangeJournal {
    let journal = this.#journals.get(job.name);
    if (journal === undefined) {
      const fullWalkEveryMs = parseDuration(job.fullWalkEvery);
      journal = new ChangeJournal({ clock: this.#clock, log, fullWalkEveryMs });
      this.#journals.set(job.name, journal);
    }
    return journal;
  }
}

/** Of other paths the backup looks at each by itself. */
async function foldersOf(paths: readonly string[]): Promise<Buffer[]> {
  const folders = await Promise.all(
    paths.map(async (path) => {
      const found = await lstat(path).catch(() => undefined);
      return found?.isDirectory() === true ? [pathBytes(path)] : [];
    }),
  );
  return folders.flat();
}

function leftOutBy({ excludes, insensitiveExcludes }: SelectionOptions): (folder: Buffer) => boolean {
  const selection = new FileSelection({
    ...(excludes === undefined ? {} : { excludes }),
    ...(insensitiveExcludes === undefined ? {} : { insensitiveExcludes }),
  });
  return (folder) => selection.excludesPath(folder);
}
