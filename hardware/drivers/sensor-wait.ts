/** Waiting for a chip to be done, without end only if the chip lets it: there is a limit. */
import { type Clock, sleep } from '../../core/clock.js';
import { type SensorContext, sensorBusy } from '../errors.js';

export interface ReadyWait {
  readonly clock: Clock;
  readonly where: SensorContext;
  readonly pollMs: number;
  readonly limitMs: number;
}

/**
 * Asks `isReady` until it says yes, pausing `pollMs` in between.
 * @throws SENSOR_BUSY when `limitMs` have passed.
 */
export async function untilReady(wait: ReadyWait, isReady: () => Promise<boolean>): Promise<void> {
  const startedMs = wait.clock.monotonicMs();
  while (!(await isReady())) {
    if (wait.clock.monotonicMs() - startedMs >= wait.limitMs) throw sensorBusy(wait.where, wait.limitMs);
    await sleep(wait.clock, wait.pollMs);
  }
}
