/**
 * The line of `slow-link.mjs` between this process and a network namespace with programs in it.
 * Linux and root only; `reasonAgainst` says why not. Leaves no device and no namespace behind.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const linkProgram = fileURLToPath(new URL('slow-link.mjs', import.meta.url));
/** Of the range that RFC 2544 keeps for measurements. */
const [nearAddress, farAddress] = ['198.18.77.1', '198.18.77.2'];

/** Cumulative bytes by the sender's port. */
export interface LinkReport {
  readonly ms: number;
  readonly queueMs: number;
  readonly passed: Readonly<Record<string, number>>;
}

/** Undefined where a line can be had. */
export async function reasonAgainst(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs Linux and root';
  const probe = `gatehouse-probe-${process.pid}`;
  try {
    await access('/dev/net/tun');
    await import('koffi' as string);
    await run('ip', ['netns', 'add', probe]);
    await run('ip', ['netns', 'del', probe]);
    return undefined;
  } catch (error) {
    return `no TUN device, koffi or network namespace: ${String(error)}`;
  }
}

export class SlowLink {
  readonly address = farAddress;
  readonly #namespace = `gatehouse-${process.pid}`;
  readonly #children: ChildProcess[] = [];
  #reports: LinkReport[] = [];

  static async open(options: { rate: number; roundTripMs: number; queueBytes: number }): Promise<SlowLink> {
    const link = new SlowLink();
    try {
      await link.#begin(options);
      return link;
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  /** Runs a Node program on the far side. @returns its first message. */
  async start(program: string, args: readonly string[], env: Record<string, string>): Promise<unknown> {
    const command = ['netns', 'exec', this.#namespace, process.execPath, program, ...args];
    return await this.#spawn('ip', command, env);
  }

  /** What was reported since the last call. */
  take(): LinkReport[] {
    const reports = this.#reports;
    this.#reports = [];
    return reports;
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await run('ip', ['netns', 'del', this.#namespace]).catch(() => {});
  }

  async #begin({ rate, roundTripMs, queueBytes }: { rate: number; roundTripMs: number; queueBytes: number }) {
    const devices = ['a', 'b'].map((side) => `ghs${process.pid}${side}`);
    const [near = '', far = ''] = devices;
    await run('ip', ['netns', 'add', this.#namespace]);
    const numbers = [rate, roundTripMs, queueBytes].map(String);
    await this.#spawn(process.execPath, [linkProgram, ...numbers, ...devices], {});
    this.#children[0]?.on('message', (report: LinkReport) => void this.#reports.push(report));
    await run('ip', ['link', 'set', far, 'netns', this.#namespace]);
    for (const [device, address, where] of [
      [near, nearAddress, []],
      [far, farAddress, ['-n', this.#namespace]],
    ] as const) {
      await run('ip', [...where, 'addr', 'add', `${address}/30`, 'dev', device]);
      await run('ip', [...where, 'link', 'set', device, 'up']);
    }
    // Whatever the machine's own: one that fills a queue, as most of the world's do.
    const route = ['route', 'replace', `${farAddress}/32`, 'dev', near, 'congctl', 'cubic'];
    await run('ip', route);
  }

  async #spawn(command: string, args: readonly string[], env: Record<string, string>): Promise<unknown> {
    const child = spawn(command, args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, ...env },
    });
    this.#children.push(child);
    // What is measured is the line and not who else is busy on this machine.
    if (child.pid !== undefined) setPriority(child.pid, -15);
    const failed = once(child, 'exit').then(() => Promise.reject(new Error(`${command} ended early`)));
    const [message] = await Promise.race([once(child, 'message'), failed]);
    failed.catch(() => {});
    return message;
  }
}
