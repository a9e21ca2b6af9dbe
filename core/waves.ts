/** How far each wave of a roll-out reaches, for those who make it and those who show it. */
import type { Wave } from './wire/jobs.js';

/** Devices that have the job after that wave, of `total`: at least one, never more than there are. */
export function waveReach(wave: Wave, total: number): number {
  const size = typeof wave === 'number' ? wave : Math.ceil((Number.parseInt(wave, 10) * total) / 100);
  return Math.min(total, Math.max(1, size));
}
