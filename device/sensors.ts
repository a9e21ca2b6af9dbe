/**
 * Where the sensors of this device are: the I2C bus, the one-wire bus, lines. Each bus is opened when first
 * needed. A bus that cannot be opened is tried again with the next measurement: a missing sensor must not
 * stop the buttons.
 */
import type { Clock } from '../core/clock.js';
import type { Closeable } from '../core/lifecycle.js';
import type { I2cRoute } from '../hardware/detect.js';
import { type SensorChip, type SensorSettings, sensorKinds } from '../hardware/drivers/catalogue.js';
import type { GpioChip, I2cBus, OneWireBus, Sensor } from '../hardware/ports.js';

export interface SensorBusOptions {
  readonly route: I2cRoute | 'auto';
  readonly bus: number;
  readonly clock: Clock;
  /** Closed by its owner. */
  readonly chip: GpioChip;
}

export class SensorBus implements Closeable {
  readonly #options: SensorBusOptions;
  #bus: Promise<I2cBus> | undefined;
  #route: string | undefined;
  #unplug: (() => void) | undefined;

  constructor(options: SensorBusOptions) {
    this.#options = options;
  }

  /** Known once the bus is open. */
  get route(): string | undefined {
    return this.#route;
  }

  /** @throws the bus's and the sensor's errors. */
  async sensor(chip: SensorChip, settings: SensorSettings): Promise<Sensor> {
    return sensorKinds[chip].open(
      {
        clock: this.#options.clock,
        i2c: () => this.open(),
        oneWire: () => this.#oneWire(),
        lines: () => this.#lines(settings),
      },
      settings,
    );
  }

  async open(): Promise<I2cBus> {
    this.#bus ??= this.#openBus();
    try {
      return await this.#bus;
    } catch (error) {
      this.#bus = undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#unplug?.();
    const bus = await this.#bus?.catch(() => undefined);
    this.#bus = undefined;
    await bus?.close();
  }

  async #openBus(): Promise<I2cBus> {
    const { openI2cBus } = await import('../hardware/detect.js');
    const bus = await openI2cBus(this.#options);
    this.#route = bus.route;
    return bus;
  }

  async #oneWire(): Promise<OneWireBus> {
    const { openOneWireBus } = await import('../hardware/detect.js');
    return openOneWireBus(this.#options);
  }

  /** On simulated lines a range finder is answered by a simulated one. */
  async #lines({ triggerPin, echoPin }: SensorSettings): Promise<GpioChip> {
    const { chip } = this.#options;
    if (triggerPin === undefined || echoPin === undefined) return chip;
    const { plugSimulatedRange } = await import('../hardware/sim/simulated-range.js');
    this.#unplug?.();
    this.#unplug = plugSimulatedRange(chip, { triggerPin, echoPin }, this.#options.clock);
    return chip;
  }
}
