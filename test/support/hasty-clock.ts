/**
 * The time of this machine, on which the pause after writing a lock ends at once: whoever else might
 * have locked a test's own folder has done so by then. All other waits take as long as they say.
 */
import { type Clock, systemClock } from '../../core/clock.js';

const lockPauseMs = 200;

export const hastyClock: Clock = {
  ...systemClock,
  after: (delayMs, task, options) => systemClock.after(delayMs === lockPauseMs ? 0 : delayMs, task, options),
};
