/**
 * The simulated board from outside: puts levels on the wires of gpio-sim, looks at them, and runs the
 * tools that a person would use beside the program. Only on the machine of scripts/virtual-pi.sh.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { sleep, systemClock } from '../../core/clock.js';
import type { Level } from '../../hardware/ports.js';

export const headerLabel = 'pinctrl-vpi';
export const headerBus = 1;
/** Where i2c-stub has its chips; nothing answers anywhere else. */
export const spareChip = 0x40;
export const tmp102Address = 0x48;
export const bme280Address = 0x76;

const settleLimitMs = 5_000;

function fromGuest(name: 'VIRTUAL_PI_LINES' | 'VIRTUAL_PI_CHIP'): string {
  const value = process.env[name];
  if (value === undefined) throw new Error('These tests run by "npm run test:pi".');
  return value;
}

const attribute = (line: number, name: string) =>
  join(fromGuest('VIRTUAL_PI_LINES'), `sim_gpio${line}`, name);

/** Pulls the wire of an input to a level, as a pressed or released button does. */
export async function drive(line: number, level: Level): Promise<void> {
  await writeFile(attribute(line, 'pull'), level === 1 ? 'pull-up' : 'pull-down');
}

/** As `drive`, without letting the program do anything else. */
export function driveAtOnce(line: number, level: Level): void {
  writeFileSync(attribute(line, 'pull'), level === 1 ? 'pull-up' : 'pull-down');
}

/** The electrical level of the wire. */
export async function electrical(line: number): Promise<Level> {
  return (await readFile(attribute(line, 'value'), 'utf8')).trim() === '1' ? 1 : 0;
}

/** Real time passes until `done`, for 5 s at the utmost. */
export async function settle(done: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = systemClock.monotonicMs() + settleLimitMs;
  while (!(await done()) && systemClock.monotonicMs() < endMs) await sleep(systemClock, 2);
}

/** Runs a program and gives its output. */
export async function tool(program: string, ...args: readonly (string | number)[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args.map(String));
  return stdout.trim();
}

/** What the kernel says of the line `GPIOn`, by gpioinfo: `"GPIO26" "sysfs" input ...`. */
export async function lineInfo(line: number): Promise<string> {
  const table = await tool('gpioinfo', ...(await chipArguments()));
  return table.split('\n').find((row) => row.includes(`"GPIO${line}"`)) ?? '';
}

/** Another program takes the line and drives it high. Resolves with what ends that program. */
export async function holdLine(line: number): Promise<() => Promise<void>> {
  const mode = (await oldGpiod()) ? ['--mode=signal'] : [];
  const holder = spawn('gpioset', [...mode, ...(await chipArguments()), `${line}=1`], { stdio: 'ignore' });
  onTestFinished(() => void holder.kill('SIGKILL'));
  await settle(async () => (await lineInfo(line)).includes('gpioset'));
  return async () => {
    const ended = once(holder, 'exit');
    holder.kill('SIGTERM');
    await ended;
  };
}

/** gpiod 2 (Debian 13) has other options than gpiod 1. */
async function oldGpiod(): Promise<boolean> {
  return / v1\./.test(await tool('gpioinfo', '--version'));
}

async function chipArguments(): Promise<string[]> {
  const chip = fromGuest('VIRTUAL_PI_CHIP');
  return (await oldGpiod()) ? [chip] : ['-c', chip];
}

/** Puts bytes into a chip past the code under test, 32 at a time. */
export async function preload(address: number, register: number, bytes: readonly number[]): Promise<void> {
  for (let offset = 0; offset < bytes.length; offset += 32) {
    const part = bytes.slice(offset, offset + 32);
    await tool('i2cset', '-y', headerBus, address, register + offset, ...part, 'i');
  }
}

/** Puts words into a chip of 16-bit registers, the high byte first on the wire. */
export async function preloadWords(address: number, words: Readonly<Record<number, number>>): Promise<void> {
  for (const [register, word] of Object.entries(words)) {
    const swapped = ((word & 0xff) << 8) | (word >> 8);
    await tool('i2cset', '-y', headerBus, address, register, swapped, 'w');
  }
}

/**
 * The calibration and the raw values of Bosch's worked example; humidity words of a real chip's kind:
 * 25.08 degrees, 100653.3 Pa, 44.43 %.
 */
export async function preloadBme280(): Promise<void> {
  await preload(bme280Address, 0xd0, [0x60]);
  await preload(
    bme280Address,
    0x88,
    [
      0x70, 0x6b, 0x43, 0x67, 0x18, 0xfc, 0x7d, 0x8e, 0x43, 0xd6, 0xd0, 0x0b, 0x27, 0x0b, 0x8c, 0x00, 0xf9,
      0xff, 0x8c, 0x3c, 0xf8, 0xc6, 0x70, 0x17, 0x00, 0x4b,
    ],
  );
  await preload(bme280Address, 0xe1, [0x6b, 0x01, 0x00, 0x14, 0x22, 0x03, 0x1e]);
  await preload(bme280Address, 0xf7, [0x65, 0x5a, 0xc0, 0x7e, 0xed, 0x00, 0x6f, 0xf0]);
}

/** One register of a chip, read past the code under test. */
export async function peek(address: number, register: number): Promise<number> {
  return Number(await tool('i2cget', '-y', headerBus, address, register));
}

const nobody = 65_534;

/** Runs `work` with the rights of the user `nobody`. */
export async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  process.setegid?.(nobody);
  process.seteuid?.(nobody);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
