/**
 * Mutations with a seed, and the one property that every parser must hold: a value or an error of
 * ours, within a second, within a bound of memory. A failure names what reproduces it.
 */
import { performance } from 'node:perf_hooks';
import { GatehouseError } from '../../core/errors.js';

/** Far more than a command line or a line of a configuration has. */
const longestText = 100_000;

export class Fuzz {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** 0 <= value < below. */
  below(below: number): number {
    // xorshift32.
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % below;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }

  bytes(sample: Uint8Array, other: Uint8Array = sample): Buffer {
    let bytes: Buffer = Buffer.from(sample);
    for (let times = this.below(4) + 1; times > 0; times--) bytes = this.#mutated(bytes, Buffer.from(other));
    return bytes;
  }

  #mutated(bytes: Buffer, other: Buffer): Buffer {
    const at = this.below(bytes.length + 1);
    const length = Math.min(this.below(16) + 1, bytes.length - at);
    const replace = (middle: Uint8Array, end = at + length) =>
      Buffer.concat([bytes.subarray(0, at), middle, bytes.subarray(end)]);
    switch (this.below(8)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << this.below(8));
        return bytes;
      case 1:
        return bytes.subarray(0, at);
      case 2:
        return replace(Buffer.alloc(0));
      case 3:
        return replace(
          Buffer.concat(Array.from({ length: this.below(300) }, () => bytes.subarray(at, at + length))),
        );
      case 4:
        return replace(this.pick(interestingBytes));
      case 5:
        return replace(Buffer.from(Array.from({ length: this.below(9) }, () => this.below(256))));
      case 6:
        return replace(other.subarray(this.below(other.length + 1)), bytes.length);
      default:
        return replace(this.pick(interestingBytes), at);
    }
  }

  text(samples: readonly string[]): string {
    const text = this.bytes(Buffer.from(this.pick(samples)), Buffer.from(this.pick(samples))).toString(
      'utf8',
    );
    if (this.below(50) !== 0) return text;
    return text.repeat(Math.floor(longestText / (text.length + 1)));
  }

  /** JSON text with one to three values replaced by others; sometimes no JSON any more. */
  json(sample: unknown): Buffer {
    let value: unknown = structuredClone(sample);
    for (let times = this.below(3) + 1; times > 0; times--) value = this.#changed(value);
    // A marker stands for numbers that JSON.stringify cannot write.
    const text = JSON.stringify(value ?? null)
      .replaceAll(/"#(-?[\d.eE+]+)"/g, '$1')
      .replaceAll(
        /"#nested (\d+)"/g,
        (_all, depth: string) => '[{"a":'.repeat(+depth) + 1 + '}]'.repeat(+depth),
      );
    return this.below(4) === 0 ? this.bytes(Buffer.from(text)) : Buffer.from(text);
  }

  #changed(value: unknown): unknown {
    const isInner = typeof value === 'object' && value !== null;
    const keys = isInner ? Object.keys(value) : [];
    if (keys.length === 0 || this.below(6) === 0) return this.#interesting();
    const key = this.pick(keys);
    if (Array.isArray(value)) {
      const items = [...value];
      const how = this.below(8);
      if (how === 0) items.splice(Number(key), 1);
      else if (how === 1) items.push(...items);
      else items[Number(key)] = this.#changed(items[Number(key)]);
      return items;
    }
    const members: Record<string, unknown> = { ...(value as object) };
    if (this.below(8) === 0) delete members[key];
    else members[key] = this.#changed(members[key]);
    return members;
  }

  #interesting(): unknown {
    return this.pick<() => unknown>([
      ...interestingValues.map((value) => () => value),
      () => 'x'.repeat(this.below(200_000)),
      () => `#nested ${this.below(20_000)}`,
      () => Array.from({ length: this.below(5_000) }, () => this.pick(interestingValues)),
      () => `#${'9'.repeat(this.below(20_000) + 1)}`,
    ])();
  }
}

const interestingBytes = [
  [0, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff],
  [0, 0, 0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xc0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xef, 0xbb, 0xbf],
  [0x0a],
  [0x22],
  [0x5c],
  [0x2f, 0x2e, 0x2e, 0x2f],
  [0x25, 0x30, 0x30],
].map((bytes) => Buffer.from(bytes)); // prettier-ignore

const interestingValues: readonly unknown[] = [
  null,
  true,
  false,
  '',
  '\0',
  '..',
  '../../etc',
  '/',
  '\\',
  '\\x',
  '\\u',
  '\\U00110000',
  '\\xff',
  '\ud800',
  '__proto__',
  0,
  -1,
  1,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  '#18446744073709551616',
  '#-18446744073709551616',
  '#1e999',
  '#-0',
  0.5,
  [],
  {},
  [[]],
  { __proto__: null },
  'ffff',
  'f'.repeat(64),
  'F'.repeat(64),
  '0001-01-01T00:00:00Z',
  '9999-99-99T99:99:99.999999999999+99:99',
  '2026-02-30T25:61:61Z',
  'dir',
  'file',
  'symlink',
  'scrypt',
  'NaN',
  'constructor',
]; // prettier-ignore

export interface Trial {
  readonly name: string;
  /** Makes the next input, and what is done with it. */
  readonly next: (fuzz: Fuzz) => { readonly input: Uint8Array | string; readonly run: () => unknown };
}

/** Why the run of a trial was no good, or undefined. */
export async function tryOne(trial: Trial, fuzz: Fuzz): Promise<string | undefined> {
  const { input, run } = trial.next(fuzz);
  const before = process.memoryUsage();
  const start = performance.now();
  let problem: string | undefined;
  try {
    await run();
  } catch (error) {
    if (!(error instanceof GatehouseError))
      problem = error instanceof Error ? (error.stack ?? '') : String(error);
  }
  const ms = performance.now() - start;
  const after = process.memoryUsage();
  const grown = (after.heapUsed + after.external - before.heapUsed - before.external) / 2 ** 20;
  if (ms > 1_000) problem ??= `it took ${Math.round(ms)} ms`;
  if (grown > 256) problem ??= `it took ${Math.round(grown)} MiB`;
  return (
    problem && `${trial.name}: ${problem}\ninput: ${Buffer.from(input).subarray(0, 2_000).toString('base64')}`
  );
}
