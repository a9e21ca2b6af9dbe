/**
 * Live control of every process of a data directory: the setting is the file, and a socket in
 * `throttle/` for each process says "read it again" and asks for the status. Where a socket cannot
 * be had (a path too long), the file is looked at every few seconds all the same.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Clock, Timer } from '../../core/clock.js';
import { makePrivateFolder } from '../../core/files.js';
import type { Closeable, Lifetimes } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import { Throttle, type ThrottleStatus } from './throttle.js';
import { readThrottleSetting } from './throttle-file.js';
import type { Limits } from './timetable.js';

/** Of one running process. */
export interface ProcessStatus extends ThrottleStatus {
  readonly pid: number;
  /** `gateway` or the command's name. */
  readonly program: string;
}

interface ControlOptions {
  readonly throttle: Throttle;
  readonly dataDir: string;
  readonly program: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Commands that take less leave no trace in the data directory. */
const listenAfterMs = 250;
const lookEveryMs = 5_000;
const answerLimitMs = 2_000;

class ThrottleControl implements Closeable {
  readonly #options: ControlOptions;
  readonly #socketPath: string;
  #server: Server | undefined;
  #timer: Timer | undefined;
  #seen = '';
  #closed = false;
  #listenTimer: Timer | undefined;
  #listening: Promise<void> | undefined;

  private constructor(options: ControlOptions) {
    this.#options = options;
    this.#socketPath = join(options.dataDir, 'throttle', `${process.pid}.sock`);
  }

  /** Takes over what is set. A data directory that cannot be used leaves the process without control. */
  static async open(options: ControlOptions): Promise<ThrottleControl> {
    const control = new ThrottleControl(options);
    await control.#look();
    control.#listenLater();
    return control;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    this.#listenTimer?.cancel();
    await this.#listening;
    const server = this.#server;
    if (server === undefined) return;
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await rm(this.#socketPath, { force: true });
  }

  #listenLater(): void {
    const { clock, log } = this.#options;
    const listen = () => {
      this.#listening = this.#listen().catch((error: unknown) => {
        log.debug('no socket for the throttle', { error });
      });
    };
    this.#listenTimer = clock.after(listenAfterMs, listen, { background: true });
  }

  async #listen(): Promise<void> {
    await makePrivateFolder(join(this.#options.dataDir, 'throttle'));
    await rm(this.#socketPath, { force: true });
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.resume();
      socket.once('end', () => {
        void this.#look(true).then(() => socket.end(JSON.stringify(this.#status())));
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#socketPath, resolve);
    });
    server.unref();
    this.#server = server;
  }

  #status(): ProcessStatus {
    const { throttle, program } = this.#options;
    return { pid: process.pid, program, ...throttle.status() };
  }

  /** Reads the setting if it is another file than before. */
  async #look(isAsked = false): Promise<void> {
    const { dataDir, throttle, clock, log } = this.#options;
    try {
      const seen = await fingerprint(dataDir);
      if (seen !== this.#seen) throttle.set(await readThrottleSetting(dataDir));
      this.#seen = seen;
    } catch (error) {
      log.warn('throttle setting not read', { error });
    }
    if (isAsked || this.#closed) return;
    this.#timer = clock.after(lookEveryMs, () => void this.#look(), { background: true });
  }
}

/** A throttle that the data directory controls; closes with `lifetimes`. @throws RATE_MALFORMED. */
export async function openThrottle(
  options: Omit<ControlOptions, 'throttle'> & {
    readonly limits: Limits;
    readonly yields?: boolean | undefined;
    readonly lifetimes: Lifetimes;
  },
): Promise<Throttle> {
  const { limits, yields, lifetimes, ...rest } = options;
  const throttle = lifetimes.add('throttle', Throttle.open({ limits, yields, clock: rest.clock }));
  lifetimes.add('throttle control', await ThrottleControl.open({ ...rest, throttle }));
  return throttle;
}

async function fingerprint(dataDir: string): Promise<string> {
  const found = await stat(join(dataDir, 'throttle.json'), { bigint: true }).catch(() => undefined);
  return found === undefined ? 'none' : `${found.ino} ${found.mtimeNs} ${found.size}`;
}

/** Has every process of the directory read the setting. @returns the status of each that answered. */
export async function askProcesses(dataDir: string, clock: Clock): Promise<ProcessStatus[]> {
  const folder = join(dataDir, 'throttle');
  const names = await readdir(folder).catch(() => []);
  const sockets = names.filter((name) => name.endsWith('.sock')).map((name) => join(folder, name));
  const answers = await Promise.all(sockets.map((path) => ask(path, clock)));
  return answers.filter((answer) => answer !== undefined);
}

function ask(socketPath: string, clock: Clock): Promise<ProcessStatus | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ path: socketPath, allowHalfOpen: true });
    const limit = clock.after(answerLimitMs, () => socket.destroy());
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    socket.once('connect', () => socket.end());
    // Left by a process that was killed.
    socket.once('error', () => void rm(socketPath, { force: true }).catch(() => {}));
    socket.once('close', () => {
      limit.cancel();
      resolve(text === '' ? undefined : (JSON.parse(text) as ProcessStatus));
    });
  });
}
