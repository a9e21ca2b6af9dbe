/**
 * Measures every sensor at its own pace and hands the readings on. A failed measurement is a gap,
 * never a value; it is logged once per streak, and the sensor is opened anew after a growing pause.
 * A measurement that takes longer than its pace leaves out the turns it missed.
 */
import type { Clock, Timer } from '../core/clock.js';
import type { Closeable } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import type { Reading } from '../core/wire/messages.js';
import type { Measurement, Sensor } from '../hardware/ports.js';

interface SampledSensor {
  /** First part of its series' names. */
  readonly name: string;
  readonly everyMs: number;
  /** Called before the first measurement and after failures. */
  readonly open: () => Promise<Sensor>;
}

export interface SamplerOptions {
  readonly sensors: readonly SampledSensor[];
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes the readings of one measurement; a rejection is logged and the readings are lost. */
  readonly onReadings: (readings: Reading[]) => Promise<unknown>;
}

const longestPauseMs = 60_000;

export class Sampler implements Closeable {
  readonly #loops: readonly SensorLoop[];

  private constructor(loops: readonly SensorLoop[]) {
    this.#loops = loops;
  }

  /** Measures every sensor at once, then at its pace. */
  static open(options: SamplerOptions): Sampler {
    const loops = options.sensors.map((sensor) => new SensorLoop(sensor, options));
    for (const loop of loops) loop.start();
    return new Sampler(loops);
  }

  /** Waits for measurements that are under way. */
  async close(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.close()));
  }
}

class SensorLoop implements Closeable {
  readonly #target: SampledSensor;
  readonly #options: SamplerOptions;
  readonly #log: Logger;
  #sensor: Sensor | undefined;
  #failures = 0;
  #nextMs = 0;
  #timer: Timer | undefined;
  #turn: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(target: SampledSensor, options: SamplerOptions) {
    this.#target = target;
    this.#options = options;
    this.#log = options.log.with({ sensor: target.name });
  }

  start(): void {
    this.#nextMs = this.#options.clock.monotonicMs();
    this.#begin();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#turn;
    await this.#letGo();
  }

  #begin(): void {
    this.#turn = this.#measure().then(() => this.#schedule());
  }

  #schedule(): void {
    if (this.#closed) return;
    const { clock } = this.#options;
    const now = clock.monotonicMs();
    const paceMs = this.#paceMs();
    this.#nextMs += paceMs;
    if (this.#nextMs <= now) this.#nextMs = now + paceMs - ((now - this.#nextMs) % paceMs);
    this.#timer = clock.after(this.#nextMs - now, () => this.#begin(), { background: true });
  }

  #paceMs(): number {
    const { everyMs } = this.#target;
    if (this.#failures === 0) return everyMs;
    return Math.max(everyMs, Math.min(longestPauseMs, everyMs * 2 ** Math.min(this.#failures - 1, 20)));
  }

  async #measure(): Promise<void> {
    let readings: Reading[];
    try {
      this.#sensor ??= await this.#target.open();
      const measurements = await this.#sensor.measure();
      const deviceTime = new Date(this.#options.clock.now()).toISOString();
      readings = measurements.map((one) => asReading(this.#target.name, one, deviceTime));
    } catch (error) {
      await this.#onFailure(error);
      return;
    }
    this.#onSuccess();
    if (readings.length === 0) return;
    await this.#options.onReadings(readings).catch((error: unknown) => {
      this.#log.error('readings lost', { error });
    });
  }

  async #onFailure(error: unknown): Promise<void> {
    await this.#letGo();
    this.#failures += 1;
    if (this.#failures === 1) this.#log.warn('measurement failed, trying on', { error });
  }

  async #letGo(): Promise<void> {
    const sensor = this.#sensor;
    this.#sensor = undefined;
    await sensor?.close?.().catch((error: unknown) => this.#log.debug('sensor not closed', { error }));
  }

  #onSuccess(): void {
    if (this.#failures > 0) this.#log.info('measuring again', { failures: this.#failures });
    this.#failures = 0;
  }
}

function asReading(sensor: string, { quantity, unit, value }: Measurement, deviceTime: string): Reading {
  return { series: `${sensor}.${quantity}`, unit, value, deviceTime };
}
