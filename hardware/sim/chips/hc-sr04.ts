/**
 * An HC-SR04 on two simulated lines: a trigger of at least 10 µs is answered with an echo signal as
 * long as sound takes to the obstacle and back at 20 degrees.
 */

import type { SimulatedChip } from '../simulated-chip.js';
import type { RecordedLevel } from '../simulated-line.js';

export interface SimulatedHcSr04Options {
  readonly chip: SimulatedChip;
  readonly triggerPin: string;
  readonly echoPin: string;
  /** Metres to the obstacle at this moment; undefined when there is none. */
  readonly distanceM: () => number | undefined;
}

const soundMetresPerSecond = 343.42;
const shortestTriggerMs = 0.01;
const burstMs = 0.45; // Eight cycles of 40 kHz, and the module's own delay
const nothingMs = 38;

/** Wires it to the lines; returns what unplugs it. */
export function attachHcSr04(options: SimulatedHcSr04Options): () => void {
  const { chip, triggerPin, echoPin, distanceM } = options;
  let risenMs: number | undefined;
  chip.drive(echoPin, 0);
  return chip.onOutput(triggerPin, ({ level, atMs }: RecordedLevel) => {
    if (level === 1) {
      risenMs = atMs;
      return;
    }
    if (risenMs === undefined || atMs - risenMs < shortestTriggerMs) return;
    risenMs = undefined;
    const distance = distanceM();
    const echoMs = distance === undefined ? nothingMs : (2_000 * distance) / soundMetresPerSecond;
    const signal = [
      { afterMs: burstMs, level: 1 },
      { afterMs: echoMs, level: 0 },
    ] as const;
    // A chip that closes meanwhile interrupts the signal.
    chip.play(echoPin, signal).catch(() => {});
  });
}
