/**
 * Chooses the route to lines and buses. `auto` takes the real route wherever the machine has the
 * hardware, and fails loudly when that route does not work: only a machine without a board's device
 * tree and without a known GPIO chip or the bus's device file is given simulated parts.
 */
import type { Clock } from '../core/clock.js';
import { hasCode } from '../core/errors.js';
import { i2cNotEnabled } from './errors.js';
import { LimitedBus } from './limited-bus.js';
import { CharacterChip } from './linux/character-chip.js';
import { findCharacterChip } from './linux/character-chips.js';
import { listGpioChips, pickHeaderChip, raspberryPiLabels } from './linux/gpio-chips.js';
import { type GpioKernel, openGpioKernel } from './linux/gpio-kernel.js';
import { I2cDevBus } from './linux/i2c-dev-bus.js';
import { KernelOneWire } from './linux/kernel-one-wire.js';
import { boardModel, i2cBusNumbers, type MachineRoots } from './linux/machine.js';
import { OnoffChip } from './linux/onoff-chip.js';
import type { GpioChip, I2cBus, OneWireBus } from './ports.js';
import { RetryingBus } from './retrying-bus.js';
import { SimulatedAds1115 } from './sim/chips/ads1115.js';
import { SimulatedBme280 } from './sim/chips/bme280.js';
import { SimulatedIna219 } from './sim/chips/ina219.js';
import { SimulatedMcp9808 } from './sim/chips/mcp9808.js';
import { SimulatedMpu6050 } from './sim/chips/mpu6050.js';
import { SimulatedPca9685 } from './sim/chips/pca9685.js';
import { SimulatedSht31 } from './sim/chips/sht31.js';
import { SimulatedTmp102 } from './sim/chips/tmp102.js';
import { SimulatedBus } from './sim/simulated-bus.js';
import { SimulatedChip } from './sim/simulated-chip.js';
import { SimulatedOneWire } from './sim/simulated-one-wire.js';

// The folder's door for `gatehouse doctor`.
export { inspectHardware } from './inspect.js';

export type GpioRoute = 'chardev' | 'onoff' | 'simulated';
export type I2cRoute = 'i2c-bus' | 'simulated';

interface GpioPlaces extends MachineRoots {
  /** Labels of GPIO chips that carry the header's lines; those of Raspberry Pis unless told. */
  readonly labels?: readonly string[];
  /** Tests give another. */
  readonly kernel?: GpioKernel;
}

export interface OpenGpioChipOptions extends GpioPlaces {
  readonly route: GpioRoute | 'auto';
  readonly clock: Clock;
}

/** @throws GPIO_NO_CHIP, GPIO_DENIED, HARDWARE_PACKAGE_MISSING; never for the route `simulated`. */
export async function openGpioChip(options: OpenGpioChipOptions): Promise<GpioChip> {
  const route = options.route === 'auto' ? await chooseGpioRoute(options) : options.route;
  switch (route) {
    case 'chardev':
      return CharacterChip.open(options);
    case 'onoff':
      return OnoffChip.open(options);
    case 'simulated':
      return new SimulatedChip({ clock: options.clock });
  }
}

/** The route that `auto` stands for on this machine: the character device before sysfs. */
export async function chooseGpioRoute(options: GpioPlaces = {}): Promise<GpioRoute> {
  const labels = options.labels ?? raspberryPiLabels;
  const kernel = options.kernel ?? (await kernelIfAny());
  if (kernel !== undefined) {
    const { chip } = await findCharacterChip(kernel, labels, options.devRoot);
    if (chip !== undefined) return 'chardev';
  }
  if (pickHeaderChip(await listGpioChips(options.sysfsRoot), labels) !== undefined) return 'onoff';
  // A board without either: the character device says what is wrong.
  return (await boardModel(options.procRoot)) === undefined ? 'simulated' : 'chardev';
}

async function kernelIfAny(): Promise<GpioKernel | undefined> {
  try {
    return await openGpioKernel();
  } catch (error) {
    if (hasCode(error, 'HARDWARE_PACKAGE_MISSING')) return undefined;
    throw error;
  }
}

export interface OpenI2cBusOptions extends MachineRoots {
  readonly route: I2cRoute | 'auto';
  /** The N of /dev/i2c-N. */
  readonly bus: number;
  readonly clock: Clock;
}

/**
 * A disturbed transfer on a real bus is tried again, and one that hangs is given up. The simulated bus
 * carries one of each chip, where no other is.
 * @throws I2C_NOT_ENABLED, I2C_DENIED, I2C_UNSUPPORTED, HARDWARE_PACKAGE_MISSING; never for the route `simulated`.
 */
export async function openI2cBus(options: OpenI2cBusOptions): Promise<I2cBus> {
  const route = options.route === 'auto' ? await chooseI2cRoute(options) : options.route;
  if (route === 'simulated') return simulatedBus(options.bus, options.clock);
  const present = await i2cBusNumbers(options.devRoot);
  if (!present.includes(options.bus)) throw i2cNotEnabled(options.bus);
  const bus = await I2cDevBus.open({ bus: options.bus });
  return new RetryingBus(new LimitedBus({ bus, clock: options.clock }));
}

/** The kernel's one-wire bus, or a simulated one with one thermometer. */
export async function openOneWireBus(
  options: MachineRoots & { readonly route: I2cRoute | 'auto'; readonly bus: number; readonly clock: Clock },
): Promise<OneWireBus> {
  const route = options.route === 'auto' ? await chooseI2cRoute(options) : options.route;
  return route === 'simulated'
    ? new SimulatedOneWire({ clock: options.clock })
    : new KernelOneWire(options.sysfsRoot);
}

/** The route that `auto` stands for on this machine. */
export async function chooseI2cRoute(options: MachineRoots & { readonly bus: number }): Promise<I2cRoute> {
  if ((await boardModel(options.procRoot)) !== undefined) return 'i2c-bus';
  // Graphics cards of PCs have I2C buses too; those are not meant unless there is a header's chip.
  return (await chooseGpioRoute(options)) === 'simulated' ? 'simulated' : 'i2c-bus';
}

function simulatedBus(bus: number, clock: Clock): SimulatedBus {
  const simulated = new SimulatedBus({ bus });
  simulated.attach(0x76, new SimulatedBme280({ clock }));
  simulated.attach(0x77, new SimulatedBme280({ clock, chip: 'bmp280' }));
  simulated.attach(0x48, new SimulatedTmp102({ clock }));
  simulated.attach(0x49, new SimulatedAds1115({ clock }));
  simulated.attach(0x44, new SimulatedSht31({ clock }));
  simulated.attach(0x18, new SimulatedMcp9808({ clock }));
  simulated.attach(0x40, new SimulatedIna219({ clock }));
  simulated.attach(0x41, new SimulatedPca9685());
  simulated.attach(0x68, new SimulatedMpu6050({ clock }));
  return simulated;
}
