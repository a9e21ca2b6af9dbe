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
