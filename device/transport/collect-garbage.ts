/**
 * Runs a garbage collection now, which takes some milliseconds. Only for the MQTT 5 client of the
 * SDK: closed or not, it keeps the process alive until it is collected (awslabs/aws-crt-nodejs#600).
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export function collectGarbage(): void {
  // Contexts made after this flag have `gc`; the running one stays as it is.
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect === 'function') collect();
}
