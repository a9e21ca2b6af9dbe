/** Parsers for the values of options; each refuses with a sentence. */
import { InvalidArgumentError } from 'commander';
import { GatehouseError } from '../core/errors.js';
import { parseRate } from '../gateway/throttle/rate.js';

export function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidArgumentError('A port is a whole number from 0 (any free one) to 65535.');
  }
  return port;
}

/** Bytes per second from `300k`, `2M` or a plain number of KiB. */
export function rate(text: string): number {
  try {
    return parseRate(text);
  } catch (error) {
    throw new InvalidArgumentError(
      error instanceof GatehouseError ? (error.hint ?? error.message) : String(error),
    );
  }
}

/** For options that may be repeated. */
export function append(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

export function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Give a whole number from 1.');
  return value;
}

/** Nanoseconds since 1970 from restic's form, local time, or from any ISO 8601 time. */
export function snapshotTime(text: string): bigint {
  const ms = Date.parse(text.replace(' ', 'T'));
  if (Number.isNaN(ms)) throw new InvalidArgumentError('Write it as "2026-01-02 03:04:05".');
  return BigInt(ms) * 1_000_000n;
}
