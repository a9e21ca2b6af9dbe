/** A range finder on simulated lines for those who only want one that answers: something walks up and down. */
import type { Clock } from '../../core/clock.js';
import type { GpioChip } from '../ports.js';
import { attachHcSr04 } from './chips/hc-sr04.js';
import { SimulatedChip } from './simulated-chip.js';

const periodMs = 60_000;

/** Does nothing on real lines. Returns what unplugs it. */
export function plugSimulatedRange(
  chip: GpioChip,
  pins: { readonly triggerPin: string; readonly echoPin: string },
  clock: Clock,
): () => void {
  if (!(chip instanceof SimulatedChip)) return () => {};
  const distanceM = () => 1.2 + Math.sin((2 * Math.PI * clock.now()) / periodMs);
  return attachHcSr04({ chip, ...pins, distanceM });
}
