/** A TCP proxy on loopback that counts what goes over the wire, for marks on the pace of it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('counting-proxy.mjs', import.meta.url));
const binsPerSecond = 100;

/** Bytes per 10 ms since the proxy began. */
export interface Counts {
  readonly up: readonly number[];
  readonly down: readonly number[];
  /** Connections that it broke. */
  readonly cuts: number;
}

export class CountingProxy {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#process = child;
  }

  /** `cutAfterBytes`: breaks the connection that carries each so-manieth byte. */
  static async open(targetPort: number, options: { cutAfterBytes?: number } = {}): Promise<CountingProxy> {
    const child = fork(program, [String(targetPort), String(options.cutAfterBytes ?? 0)]);
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new CountingProxy(port, child);
  }

  async counts(): Promise<Counts> {
    this.#process.send('counts');
    const [counts] = (await once(this.#process, 'message')) as [Counts];
    return counts;
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill();
    await ended;
  }
}

export interface Pace {
  /** Of the limit: the busiest second, wherever it begins. */
  readonly busiestSecond: number;
  /** Of the limit: the least and the most of all windows of five seconds. */
  readonly leastOfFive: number;
  readonly mostOfFive: number;
}

/** `bins` as counted; those before the first byte and after the last are left out. */
export function paceOf(bins: readonly number[], bytesPerSecond: number): Pace {
  const first = bins.findIndex((bytes) => bytes > 0);
  const last = bins.findLastIndex((bytes) => bytes > 0);
  const busy = bins.slice(first, last + 1);
  const seconds = windows(busy, binsPerSecond).map((bytes) => bytes / bytesPerSecond);
  const fives = windows(busy, 5 * binsPerSecond).map((bytes) => bytes / (5 * bytesPerSecond));
  return {
    busiestSecond: Math.max(...seconds),
    leastOfFive: Math.min(...fives),
    mostOfFive: Math.max(...fives),
  };
}

function windows(bins: readonly number[], length: number): number[] {
  const sums: number[] = [];
  let sum = 0;
  for (const [at, bytes] of bins.entries()) {
    sum += bytes - (bins[at - length] ?? 0);
    if (at >= length - 1) sums.push(sum);
  }
  return sums;
}
