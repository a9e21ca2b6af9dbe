/**
 * HC-SR04: distance by ultrasound on two lines (data sheet of ElecFreaks). The echo's length comes from
 * the times of its two edges: on the character device the kernel's own, to a microsecond or so; on sysfs
 * those of this program, to some centimetres. Its echo has 5 V: a divider must bring it to 3.3 V.
 */
import { type Clock, sleep } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import * as errors from '../errors.js';
import type { Edge, GpioChip, GpioInput, GpioOutput, Measurement, RangeFinder, Sensor } from '../ports.js';
import { rounded } from './chip-registers.js';
import { SharedMeasurement } from './shared-measurement.js';

export interface HcSr04Options {
  readonly clock: Clock;
  readonly triggerPin: string;
  readonly echoPin: string;
  /** Of the air, for the speed of sound; 20 unless told. */
  readonly temperatureC?: number;
}

const triggerMs = 0.02; // At least 10 µs
const cycleMs = 60; // Shortest time between pulses, so that an old echo is not taken for a new one
const nearestM = 0.02;
const farthestM = 4;
/** Without an obstacle the module ends its echo after 38 ms; some take 200. */
const answerLimitMs = 250;

export class HcSr04 implements Sensor, RangeFinder, Closeable {
  readonly chip = 'hc-sr04';
  readonly #options: HcSr04Options;
  readonly #trigger: GpioOutput;
  readonly #echo: GpioInput;
  readonly #shared = new SharedMeasurement<number | undefined>();
  #lastPulseMs = Number.NEGATIVE_INFINITY;

  private constructor(options: HcSr04Options, trigger: GpioOutput, echo: GpioInput) {
    this.#options = options;
    this.#trigger = trigger;
    this.#echo = echo;
  }

  /** @throws LINE_UNKNOWN, LINE_BUSY, GPIO_DENIED. */
  static async open(chip: GpioChip, options: HcSr04Options): Promise<HcSr04> {
    const trigger = await chip.output({ pin: options.triggerPin, activeLow: false });
    try {
      const echo = await chip.input({ pin: options.echoPin, activeLow: false });
      return new HcSr04(options, trigger, echo);
    } catch (error) {
      await trigger.close();
      throw error;
    }
  }

  /**
   * Metres, 0.02 to 4; undefined when nothing is that near. Calls at the same time share one pulse, and
   * pulses are 60 ms apart.
   * @throws SENSOR_SILENT when there is no echo signal at all, LINE_FAILED.
   */
  distanceM(): Promise<number | undefined> {
    return this.#shared.run(() => this.#measureOnce());
  }

  /** Nothing when no obstacle is within range. */
  async measure(): Promise<readonly Measurement[]> {
    const distance = await this.distanceM();
    if (distance === undefined) return [];
    return [{ quantity: 'distance', unit: 'm', value: rounded(distance, 1_000) }];
  }

  async close(): Promise<void> {
    await Promise.all([this.#trigger.close(), this.#echo.close()]);
  }

  async #measureOnce(): Promise<number | undefined> {
    const { clock, temperatureC = 20 } = this.#options;
    const restMs = this.#lastPulseMs + cycleMs - clock.monotonicMs();
    if (restMs > 0) await sleep(clock, restMs);
    this.#lastPulseMs = clock.monotonicMs();
    const echoMs = await this.#echoAfter(() => this.#pulse());
    // Dry air: 331.3 m/s at 0 degrees, 0.606 more per degree.
    const distance = ((331.3 + 0.606 * temperatureC) * echoMs) / 2_000;
    return distance > farthestM ? undefined : Math.max(nearestM, distance);
  }

  async #pulse(): Promise<void> {
    await this.#trigger.write(1);
    await sleep(this.#options.clock, triggerMs);
    await this.#trigger.write(0);
  }

  /** Length of the echo signal, ms. */
  async #echoAfter(pulse: () => Promise<void>): Promise<number> {
    const { clock, triggerPin, echoPin } = this.#options;
    const where = { chip: this.chip, place: `${triggerPin} and ${echoPin}` };
    const stop = new AbortController();
    let unwatch = () => {};
    const length = new Promise<number>((resolve, reject) => {
      let risenMs: number | undefined;
      const onEdge = ({ level, atMs }: Edge) => {
        if (level === 1) risenMs = atMs;
        else if (risenMs !== undefined) resolve(atMs - risenMs);
      };
      unwatch = this.#echo.watch(onEdge, reject);
    });
    // When it comes too late nobody waits for it.
    length.catch(() => {});
    try {
      await pulse();
      const silence = sleep(clock, answerLimitMs, stop.signal).then(() => {
        throw errors.sensorSilent(where, 'gave no echo signal');
      });
      silence.catch(() => {});
      return await Promise.race([length, silence]);
    } finally {
      unwatch();
      stop.abort();
    }
  }
}
