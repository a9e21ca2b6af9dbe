/** A press on a wire of the virtual Pi, and a handler on another machine: the one that the emulator runs on. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { quantile } from '../../bench/measure.mjs';
import { sleep, systemClock } from '../../core/clock.js';
import { silentLogger } from '../../core/log.js';
import { agentConfig } from '../../device/config.js';
import { openAgent } from '../../device/main.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { drive } from './board.js';

const presses = 100;
const warmUp = 5;

/** The line to the backend's machine. */
class Outside {
  readonly #socket: Socket;
  readonly #lines: Interface;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#lines = createInterface({ input: socket });
  }

  static async open(): Promise<Outside> {
    const [host, port] = (process.env['VIRTUAL_PI_BACKEND'] ?? '').split(':');
    if (!host) throw new Error('These tests run by "npm run test:pi", which starts the backend.');
    const socket = connect(Number(port), host).setNoDelay(true);
    await once(socket, 'connect');
    onTestFinished(() => void socket.destroy());
    return new Outside(socket);
  }

  async ask(what: 'now' | 'handled'): Promise<number> {
    const answer = once(this.#lines, 'line');
    this.#socket.write(`${what}\n`);
    const [line] = await answer;
    return Number(BigInt(String(line))) / 1e6;
  }

  /** What to add to this machine's time for that one's, from the quickest of some exchanges; and its doubt. */
  async offset(): Promise<{ readonly offsetMs: number; readonly doubtMs: number }> {
    let best = { offsetMs: 0, doubtMs: Number.POSITIVE_INFINITY };
    for (let i = 0; i < 4; i += 1) {
      const before = systemClock.monotonicMs();
      const there = await this.ask('now');
      const spanMs = systemClock.monotonicMs() - before;
      if (spanMs / 2 < best.doubtMs) best = { offsetMs: there - before - spanMs / 2, doubtMs: spanMs / 2 };
    }
    return best;
  }
}

it(`${presses} presses on the wire reach a handler outside, each once, by mutual TLS`, async () => {
  await drive(17, 1);
  const outside = await Outside.open();
  const config = agentConfig.parse({
    dataDir: await temporaryFolder('agent'),
    identity: { claimToken: process.env['VIRTUAL_PI_CLAIM'] },
    // The wire of the simulator does not bounce. Decided at the release at once: no window is measured.
    buttons: [{ name: 'b', pin: 'pin 11', debounceMs: 5, double: false, long: false }],
  });
  const agent = await openAgent(config, { clock: systemClock, log: silentLogger });
  onTestFinished(() => agent.close());
  expect(agent.status()).toMatchObject({ gpioRoute: 'chardev' });
  await agent.whenConnected(AbortSignal.timeout(90_000)).catch((error: unknown) => {
    throw new Error(`not connected: ${agent.status().problem?.message}`, { cause: error });
  });

  const latencies: number[] = [];
  const doubts: number[] = [];
  for (let i = 0; i < warmUp + presses; i += 1) {
    const { offsetMs, doubtMs } = await outside.offset();
    await drive(17, 0);
    await sleep(systemClock, 20);
    const releasedMs = systemClock.monotonicMs();
    await drive(17, 1);
    const handledMs = await outside.ask('handled');
    if (i < warmUp) continue;
    latencies.push(handledMs - releasedMs - offsetMs);
    doubts.push(doubtMs);
  }
  await agent.drained();
  expect(latencies).toHaveLength(presses);
  expect(Math.min(...latencies)).toBeGreaterThan(0);
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  process.stdout.write(
    `press on the virtual line to handler outside, over mTLS, ${presses} presses: ` +
      `p50 ${ms(quantile(latencies, 0.5))}, p99 ${ms(quantile(latencies, 0.99))} ` +
      `(clocks compared to ${ms(quantile(doubts, 0.5))}; the device is emulated)\n`,
  );
});
