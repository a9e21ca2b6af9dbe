/**
 * Chooses the route to lines and buses. `auto` takes the real route wherever the machine has the
 * hardware, and fails loudly when that route does not work: only a machine without a board's device
 * tree and without a known GPIO chip or the bus's device file is given simulated parts.
 */
import type { Clock } from '../core/clock.js';
import { i2cNotEnabled } from './errors.js';
import { listGpioChips, pickHeaderChip, raspberryPiLabels } from './linux/gpio-chips.js';
import { I2cDevBus } from './linux/i2c-dev-bus.js';
import { boardModel, i2cBusNumbers, type MachineRoots } from './linux/machine.js';
import { OnoffChip } from './linux/onoff-chip.js';
import type { GpioChip, I2cBus } from './ports.js';
import { SimulatedBme280 } from './sim/chips/bme280.js';
import { SimulatedTmp102 } from './sim/chips/tmp102.js';
import { SimulatedBus } from './sim/simulated-bus.js';
import { SimulatedChip } from './sim/simulated-chip.js';

// The folder's door for `gatehouse doctor`.
export { inspectHardware } from './inspect.js';

export type GpioRoute = 'onoff' | 'simulated';
export type I2cRoute = 'i2c-bus' | 'simulated';

export interface OpenGpioChipOptions extends MachineRoots {
  readonly route: GpioRoute | 'auto';
  readonly clock: Clock;
  /** Labels of GPIO chips that carry the header's lines; those of Raspberry Pis unless told. */
  readonly labels?: readonly string[];
}

/** @throws GPIO_NO_CHIP, HARDWARE_PACKAGE_MISSING; never for the route `simulated`. */
export async function openGpioChip(options: OpenGpioChipOptions): Promise<GpioChip> {
  const route = options.route === 'auto' ? await chooseGpioRoute(options) : options.route;
  return route === 'simulated' ? new SimulatedChip({ clock: options.clock }) : OnoffChip.open(options);
}

/** The route that `auto` stands for on this machine. */
export async function chooseGpioRoute(
  options: MachineRoots & { readonly labels?: readonly string[] } = {},
): Promise<GpioRoute> {
  const chips = await listGpioChips(options.sysfsRoot);
  if (pickHeaderChip(chips, options.labels ?? raspberryPiLabels) !== undefined) return 'onoff';
  return (await boardModel(options.procRoot)) === undefined ? 'simulated' : 'onoff';
}

export interface OpenI2cBusOptions extends MachineRoots {
  readonly route: I2cRoute | 'auto';
  /** The N of /dev/i2c-N. */
  readonly bus: number;
  readonly clock: Clock;
}

/**
 * The simulated bus carries a BME280 at 0x76 and a TMP102 at 0x48.
 * @throws I2C_NOT_ENABLED, I2C_DENIED, I2C_UNSUPPORTED, HARDWARE_PACKAGE_MISSING; never for the route `simulated`.
 */
export async function openI2cBus(options: OpenI2cBusOptions): Promise<I2cBus> {
  const route = options.route === 'auto' ? await chooseI2cRoute(options) : options.route;
  if (route === 'simulated') return simulatedBus(options.bus, options.clock);
  const present = await i2cBusNumbers(options.devRoot);
  if (!present.includes(options.bus)) throw i2cNotEnabled(options.bus);
  return I2cDevBus.open({ bus: options.bus });
}

/** The route that `auto` stands for on this machine. */
export async function chooseI2cRoute(options: MachineRoots & { readonly bus: number }): Promise<I2cRoute> {
  if ((await boardModel(options.procRoot)) !== undefined) return 'i2c-bus';
  // Graphics cards of PCs have I2C buses too; those are not meant unless the chip is a header's.
  const header = pickHeaderChip(await listGpioChips(options.sysfsRoot));
  return header === undefined ? 'simulated' : 'i2c-bus';
}

function simulatedBus(bus: number, clock: Clock): SimulatedBus {
  const simulated = new SimulatedBus({ bus });
  simulated.attach(0x76, new SimulatedBme280({ clock }));
  simulated.attach(0x48, new SimulatedTmp102({ clock }));
  return simulated;
}
