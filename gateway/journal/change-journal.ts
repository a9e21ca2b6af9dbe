/**
 * Which folders changed since the last backup, recorded as it happens while the program runs, so
 * that a backup visits only those. Whenever the record may have a gap (overflow, unmount, a program
 * that just started, a clock that jumped, too many folders) the backup walks everything instead.
 */
import type { Clock, Timer } from '../../core/clock.js';
import { messageOf } from '../../core/errors.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import { Inotify } from './inotify.js';
import { type Mounts, readMounts } from './mounts.js';
import { WatchTree } from './watch-tree.js';

/** The kernel's queue holds 16,384 events by default; it is emptied this often. */
const drainEveryMs = 250;
/** The wall clock may drift from the monotonic one by so much between two backups. */
const clockJumpMs = 60_000;
const usualMostFolders = 250_000;

export interface ChangeJournalOptions {
  /** Walk everything at least this often, whatever the journal says; a day unless told. */
  readonly fullWalkEveryMs?: number;
  readonly mostFolders?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What the next backup covers. */
export interface Coverage {
  /** Absolute paths of the folders. */
  readonly roots: readonly Buffer[];
  /** Folders that are not backed up whatever happens in or around them; they need no watch. */
  readonly isLeftOut?: (folder: Buffer) => boolean;
  /** How it chooses and describes files; with another text than the last time everything is walked. */
  readonly settings: string;
}

/** What a backup may ask, and must tell, about folders. Paths have one character per byte. */
export interface FolderChanges {
  /** Neither the folder nor anything below it changed since the base snapshot was begun. */
  isUnchanged(folder: string): boolean;
  /** A file there has names elsewhere too; through those it may change unseen. */
  visitAlways(folder: string): void;
}

/** One backup's view. It ends with `succeeded`, or is simply dropped when the backup failed. */
export interface JournalTurn {
  readonly changes: FolderChanges;
  /** Why everything is walked, `changes` knowing no unchanged folder; undefined when it is not. */
  readonly reason: string | undefined;
  /** The snapshot since which `changes` counts. */
  readonly baseSnapshot: string | undefined;
  /** The next turn counts from the beginning of this one. */
  succeeded(snapshotId: string): void;
}

interface Base {
  readonly snapshotId: string;
  readonly wallMs: number;
  readonly monotonicMs: number;
  readonly arrangement: string;
  readonly settings: string;
}

export class ChangeJournal implements Closeable {
  readonly #options: ChangeJournalOptions;
  #inotify: Inotify | undefined;
  #tree: WatchTree | undefined;
  #gap: string | undefined = 'the journal has just begun';
  #base: Base | undefined;
  #lastFullWalkMs = Number.NEGATIVE_INFINITY;
  /** Folders changed since the base, and all above them. */
  #changed = new Set<string>();
  #always = new Set<string>();
  /** Changes of a turn whose backup may yet fail; they count until it has succeeded. */
  #unsettled: Set<string> | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: ChangeJournalOptions) {
    this.#options = options;
  }

  /** Call it when a backup begins, before it looks at any file. */
  async begin(coverage: Coverage): Promise<JournalTurn> {
    const { clock } = this.#options;
    const { settings } = coverage;
    const mounts = await readMounts(coverage.roots).catch(() => undefined);
    this.#drain();
    // The last turn failed: what it was to visit is still to be visited.
    for (const folder of this.#unsettled ?? []) this.#changed.add(folder);
    this.#unsettled = undefined;
    const reason = this.#reasonToWalk(mounts, settings);
    const since = this.#changed;
    // From here on changes belong to the next turn; watches come before the walk, so none is lost.
    this.#changed = new Set();
    if (reason !== undefined) await this.#watchAnew(coverage, mounts?.remote);
    else this.#unsettled = since;
    const begun = {
      wallMs: clock.now(),
      monotonicMs: clock.monotonicMs(),
      arrangement: mounts?.arrangement ?? '',
      settings,
    };
    return reason === undefined ? this.#partly(since, begun) : this.#fully(reason, begun);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#inotify?.close();
    this.#inotify = undefined;
  }

  #partly(since: ReadonlySet<string>, begun: Omit<Base, 'snapshotId'>): JournalTurn {
    const always = this.#always;
    const next = new Set(always);
    const changes: FolderChanges = {
      isUnchanged: (folder) => !since.has(folder) && !always.has(folder),
      visitAlways: (folder) => addWithParents(next, folder),
    };
    return {
      changes,
      reason: undefined,
      baseSnapshot: this.#base?.snapshotId,
      succeeded: (snapshotId) => {
        this.#unsettled = undefined;
        this.#always = next;
        this.#base = { ...begun, snapshotId };
      },
    };
  }

  #fully(reason: string, begun: Omit<Base, 'snapshotId'>): JournalTurn {
    const next = new Set<string>();
    return {
      changes: { isUnchanged: () => false, visitAlways: (folder) => addWithParents(next, folder) },
      reason,
      baseSnapshot: undefined,
      succeeded: (snapshotId) => {
        this.#always = next;
        this.#base = { ...begun, snapshotId };
        this.#lastFullWalkMs = begun.monotonicMs;
      },
    };
  }

  #reasonToWalk(mounts: Mounts | undefined, settings: string): string | undefined {
    const { clock, fullWalkEveryMs = 24 * 60 * 60_000 } = this.#options;
    if (this.#gap !== undefined) return this.#gap;
    if (this.#base === undefined) return 'no backup has succeeded yet';
    if (mounts === undefined) return 'what is mounted cannot be read';
    if (mounts.remote !== undefined) return remoteReason(mounts.remote);
    if (mounts.arrangement !== this.#base.arrangement) return 'a file system was mounted or unmounted';
    if (settings !== this.#base.settings) return 'what is backed up, or how, has changed';
    const wall = clock.now() - this.#base.wallMs;
    const monotonic = clock.monotonicMs() - this.#base.monotonicMs;
    if (Math.abs(wall - monotonic) > clockJumpMs) return 'the clock was set, or the machine slept';
    if (clock.monotonicMs() - this.#lastFullWalkMs >= fullWalkEveryMs) return 'a full walk is due';
    return undefined;
  }

  async #watchAnew({ roots, isLeftOut = () => false }: Coverage, remote: string | undefined): Promise<void> {
    this.#timer?.cancel();
    this.#inotify?.close();
    this.#inotify = undefined;
    this.#tree = undefined;
    this.#base = undefined;
    this.#gap = remote === undefined ? undefined : remoteReason(remote);
    if (this.#closed || this.#gap !== undefined) return;
    this.#inotify = Inotify.open((reason) => this.#lose(reason));
    if (this.#inotify === undefined) return;
    const { mostFolders = usualMostFolders, clock } = this.#options;
    this.#tree = new WatchTree({
      inotify: this.#inotify,
      roots,
      isLeftOut,
      mostFolders,
      onChange: (folder) => addWithParents(this.#changed, folder),
      onGap: (reason) => this.#lose(reason),
    });
    await this.#tree.begin(() => new Promise((go) => clock.after(0, go)));
    this.#drain();
    this.#drainLater();
  }

  #drainLater(): void {
    if (this.#closed || this.#gap !== undefined) return;
    this.#timer = this.#options.clock.after(
      drainEveryMs,
      () => {
        this.#drain();
        this.#drainLater();
      },
      { background: true },
    );
  }

  #drain(): void {
    if (this.#gap !== undefined) return;
    try {
      this.#tree?.drain();
    } catch (error) {
      this.#lose(`changes cannot be read: ${messageOf(error)}`);
    }
  }

  #lose(reason: string): void {
    if (this.#gap !== undefined) return;
    this.#gap = reason;
    this.#options.log.info('the next backup looks at every file', { reason });
    this.#inotify?.close();
    this.#inotify = undefined;
  }
}

function remoteReason(point: string): string {
  return `${point} is on another machine or in another program, whose changes are not told`;
}

function addWithParents(folders: Set<string>, folder: string): void {
  for (let at = folder; at !== '' && !folders.has(at); at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
    folders.add(at);
  }
  folders.add('/');
}
