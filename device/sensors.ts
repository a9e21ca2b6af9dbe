/**
 * The I2C bus and the sensors on it, each opened when first needed. A bus that cannot be opened is
 * tried again with the next measurement: a missing sensor must not stop the buttons.
 */
import type { Clock } from '../core/clock.js';
import type { Closeable } from '../core/lifecycle.js';
import type { I2cRoute } from '../hardware/detect.js';
import type { I2cBus, Sensor } from '../hardware/ports.js';

export interface SensorSlot {
  readonly chip: 'bme280' | 'tmp102';
  /** 7-bit address. */
  readonly address: number;
}

export interface SensorBusOptions {
  readonly route: I2cRoute | 'auto';
  readonly bus: number;
  readonly clock: Clock;
}

export class SensorBus implements Closeable {
  readonly #options: SensorBusOptions;
  #bus: Promise<I2cBus> | undefined;
  #route: string | undefined;

  constructor(options: SensorBusOptions) {
    this.#options = options;
  }

  /** Known once the bus is open. */
  get route(): string | undefined {
    return this.#route;
  }

  /** @throws the bus's and the sensor's errors. */
  async sensor({ chip, address }: SensorSlot): Promise<Sensor> {
    const bus = await this.open();
    const { clock } = this.#options;
    if (chip === 'bme280') {
      const { Bme280 } = await import('../hardware/drivers/bme280.js');
      return Bme280.open(bus, address, { clock });
    }
    const { Tmp102 } = await import('../hardware/drivers/tmp102.js');
    return Tmp102.open(bus, address, { clock });
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
}
