/**
 * Every error of the hardware library, with when it is raised and what the user does about it.
 * Foreign errors (Node, onoff, i2c-bus) are wrapped here and nowhere else.
 */
import { GatehouseError, messageOf } from '../core/errors.js';

/** There is no such line on the chip, or the header's pin is none that a program may use. Name another pin. */
export const lineUnknown = (pin: string, why = 'is not a line of this board') =>
  new GatehouseError('LINE_UNKNOWN', `GPIO line ${JSON.stringify(pin)} ${why}.`, {
    context: { pin },
    hint: 'Name it as GPIO17 (the BCM number), by its place on the header as "pin 11", or by the name that `gatehouse hardware lines` shows.',
  });

/** Another program, a kernel driver, or this one holds the line. Free it or choose another pin. */
export const lineBusy = (pin: string, cause?: unknown, consumer?: string) =>
  new GatehouseError(
    'LINE_BUSY',
    consumer === undefined
      ? `GPIO line ${pin} is in use already.`
      : `GPIO line ${pin} is in use by "${consumer}".`,
    {
      context: { pin, consumer },
      cause,
      hint: `Stop the program or the dtoverlay that holds ${pin} (see \`gatehouse hardware lines\`), or wire to another pin.`,
    },
  );

/** The route cannot do what was asked of the line. Use the character device, or leave it out. */
export const lineUnsupported = (pin: string, route: string, what: string) =>
  new GatehouseError('LINE_UNSUPPORTED', `The route ${route} cannot give GPIO line ${pin} ${what}.`, {
    context: { pin, route },
    hint: 'Use the route `chardev`, or leave that setting out and set it in config.txt.',
  });

/** The user may not use GPIO lines. Join the group `gpio`. */
export const gpioDenied = (pin: string, cause: unknown) =>
  new GatehouseError('GPIO_DENIED', `This user may not use GPIO line ${pin}.`, {
    context: { pin },
    cause,
    hint: 'Run `sudo usermod -aG gpio $USER`, then log out and in again.',
  });

/** No GPIO chip with a known label was found. Use the simulated route, or configure the label. */
export const gpioNoChip = (wanted: readonly string[], found: readonly string[]) =>
  new GatehouseError(
    'GPIO_NO_CHIP',
    `No GPIO chip of a known kind was found (looked for ${wanted.join(', ')}; found ${found.join(', ') || 'none'}).`,
    {
      context: { wanted: wanted.join(','), found: found.join(',') },
      hint: 'On a Raspberry Pi, run `npm install --include=optional` for the character device; elsewhere choose the route `simulated`.',
    },
  );

/** The kernel refused a read, a write or an edge on an open line. Check the wiring and the kernel log. */
export const lineFailed = (pin: string, cause: unknown) =>
  new GatehouseError('LINE_FAILED', `GPIO line ${pin} failed: ${messageOf(cause)}`, {
    context: { pin },
    cause,
    hint: 'Look at `dmesg` for the GPIO controller, then restart the agent.',
  });

/** A line was used after it was closed: a mistake in the program that used it. */
export const lineClosed = (pin: string) =>
  new GatehouseError('LINE_CLOSED', `GPIO line ${pin} is closed.`, { context: { pin } });

/** A chip was asked for a line after it was closed: a mistake in the program that used it. */
export const gpioClosed = () => new GatehouseError('GPIO_CLOSED', 'The GPIO chip is closed.');

/** An optional package is absent or was not compiled. Run the command in the hint. */
export const packageMissing = (packageName: string, remedy: string, cause: unknown) =>
  new GatehouseError('HARDWARE_PACKAGE_MISSING', `The package ${packageName} could not be loaded.`, {
    context: { package: packageName },
    cause,
    hint: remedy,
  });

export interface TransferContext {
  readonly bus: number;
  readonly address: number;
}

export function hexadecimal(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}

function at({ bus, address }: TransferContext): string {
  return `address ${hexadecimal(address)} on I2C bus ${bus}`;
}

/** Nothing acknowledged the address. Check wiring, power and the address strap. */
export const i2cNoDevice = (where: TransferContext, cause?: unknown) =>
  new GatehouseError('I2C_NO_DEVICE', `Nothing answers at ${at(where)}.`, {
    context: { ...where },
    cause,
    hint: `Check wiring and power, and the address with \`i2cdetect -y ${where.bus}\`.`,
  });

/** The device sent fewer bytes than asked for. The next measurement may succeed. */
export const i2cShortRead = (where: TransferContext, wanted: number, got: number) =>
  new GatehouseError('I2C_SHORT_READ', `Read ${got} of ${wanted} bytes at ${at(where)}.`, {
    context: { ...where, wanted, got },
    retryable: true,
  });

/** The kernel gave up waiting for the bus, mostly because a device holds the clock line low. */
export const i2cTimeout = (where: TransferContext, cause: unknown) =>
  new GatehouseError('I2C_TIMEOUT', `The transfer timed out at ${at(where)}.`, {
    context: { ...where },
    cause,
    retryable: true,
    hint: 'If it stays, switch the sensor off and on; shorten its cable or slow the bus down.',
  });

/** A kernel driver has claimed the address. Unload it. */
export const i2cAddressBusy = (where: TransferContext, cause?: unknown) =>
  new GatehouseError('I2C_ADDRESS_BUSY', `A kernel driver holds ${at(where)}.`, {
    context: { ...where },
    cause,
    hint: 'Remove the dtoverlay for this sensor from config.txt and reboot.',
  });

/** Any other failure of a transfer. Retryable when the kernel says that the line was disturbed. */
export const i2cFailed = (where: TransferContext, cause: unknown, retryable = false) =>
  new GatehouseError('I2C_FAILED', `The transfer failed at ${at(where)}: ${messageOf(cause)}`, {
    context: { ...where },
    cause,
    retryable,
    hint: 'Check the cable and the pull-up resistors of the bus.',
  });

/** Address, register or length is out of range: a mistake in the configuration or in a driver. */
export const i2cRequestInvalid = (where: TransferContext, why: string) =>
  new GatehouseError('I2C_REQUEST_INVALID', `Not a valid I2C transfer: ${why}.`, { context: { ...where } });

/** A bus was used after it was closed: a mistake in the program that used it. */
export const i2cClosed = (bus: number) =>
  new GatehouseError('I2C_CLOSED', `I2C bus ${bus} is closed.`, { context: { bus } });

/** The user may not use the bus. Join the group `i2c`. */
export const i2cDenied = (bus: number, cause: unknown) =>
  new GatehouseError('I2C_DENIED', `This user may not use I2C bus ${bus}.`, {
    context: { bus },
    cause,
    hint: 'Run `sudo usermod -aG i2c $USER`, then log out and in again.',
  });

export const enableI2cRemedy =
  'Run `sudo raspi-config nonint do_i2c 0` (or add `dtparam=i2c_arm=on` to /boot/firmware/config.txt), then reboot.';

/** The bus has no device file. Switch I2C on. */
export const i2cNotEnabled = (bus: number, cause?: unknown) =>
  new GatehouseError('I2C_NOT_ENABLED', `I2C bus ${bus} is not enabled: /dev/i2c-${bus} does not exist.`, {
    context: { bus },
    cause,
    hint: enableI2cRemedy,
  });

/** The adapter cannot transfer blocks of bytes. Use another bus. */
export const i2cUnsupported = (bus: number) =>
  new GatehouseError('I2C_UNSUPPORTED', `I2C bus ${bus} cannot transfer blocks of registers.`, {
    context: { bus },
    hint: 'Connect the sensor to a full I2C bus; on a Raspberry Pi that is bus 1.',
  });

export interface SensorContext extends TransferContext {
  readonly chip: string;
}

/** A sensor that is not on the I2C bus: on lines, or on the one-wire bus. */
export interface PlacedSensor {
  readonly chip: string;
  /** Goes after "at": `GPIO23 and GPIO24`. */
  readonly place: string;
}

export type AnySensor = SensorContext | PlacedSensor;

function placeOf(where: AnySensor): string {
  return 'place' in where ? where.place : at(where);
}

/** Another chip than configured answers. Correct the chip or the address in the configuration. */
export const sensorWrongChip = (where: AnySensor, saw: string, hint?: string) =>
  new GatehouseError('SENSOR_WRONG_CHIP', `No ${where.chip} at ${placeOf(where)}: ${saw}.`, {
    context: { ...where },
    hint: hint ?? 'Correct the chip or the address in the configuration.',
  });

/** The calibration words cannot be right; read badly, or the chip is damaged. */
export const sensorCalibration = (where: SensorContext) =>
  new GatehouseError('SENSOR_CALIBRATION', `The calibration of the ${where.chip} at ${at(where)} is empty.`, {
    context: { ...where },
    retryable: true,
    hint: 'Switch the sensor off and on; replace it if this stays.',
  });

/** The chip did not finish within its datasheet time. The next measurement may succeed. */
export const sensorBusy = (where: AnySensor, limitMs: number) =>
  new GatehouseError(
    'SENSOR_BUSY',
    `The ${where.chip} at ${placeOf(where)} was not ready within ${Math.round(limitMs)} ms.`,
    {
      context: { ...where, limitMs },
      retryable: true,
      hint: 'If it stays, switch the sensor off and on.',
    },
  );

/** The chip lost its settings before its result was read, mostly because its supply dipped. */
export const sensorNotMeasured = (where: AnySensor) =>
  new GatehouseError(
    'SENSOR_NOT_MEASURED',
    `The ${where.chip} at ${placeOf(where)} was reset while measuring.`,
    {
      context: { ...where },
      retryable: true,
      hint: 'If it happens often, check the supply voltage of the sensor.',
    },
  );

/** A value lies outside what the chip can measure: noise on the bus, a bad solder joint, a dying chip. */
export const sensorImplausible = (where: AnySensor, quantity: string, value: number) =>
  new GatehouseError(
    'SENSOR_IMPLAUSIBLE',
    `The ${where.chip} at ${placeOf(where)} reports an impossible ${quantity}: ${value}.`,
    {
      context: { ...where, quantity, value },
      retryable: true,
      hint: 'If it stays, check the wiring and replace the sensor.',
    },
  );

/** A sensor that should have answered said nothing. Check its wiring and its power. */
export const sensorSilent = (where: AnySensor, what: string) =>
  new GatehouseError('SENSOR_SILENT', `The ${where.chip} at ${placeOf(where)} ${what}.`, {
    context: { ...where },
    retryable: true,
    hint: 'Check its wiring and its power.',
  });

/** A channel, a duty or a pulse is out of range: a mistake in the program or in the configuration. */
export const outputInvalid = (chip: string, why: string) =>
  new GatehouseError('OUTPUT_INVALID', `Not a valid output of the ${chip}: ${why}.`, { context: { chip } });

/** The checksum of the bytes does not match: noise on the cable. The next measurement may succeed. */
export const sensorChecksum = (where: AnySensor) =>
  new GatehouseError(
    'SENSOR_CHECKSUM',
    `The ${where.chip} at ${placeOf(where)} sent bytes whose checksum is wrong.`,
    {
      context: { ...where },
      retryable: true,
      hint: 'If it happens often, shorten the cable or add a pull-up resistor.',
    },
  );

/** A transfer never ended, or others wait behind one that does not. Mostly a chip holds a line low for good. */
export const i2cStuck = (bus: number, limitMs: number) =>
  new GatehouseError('I2C_STUCK', `I2C bus ${bus} hangs: a transfer has not ended after ${limitMs} ms.`, {
    context: { bus, limitMs },
    retryable: true,
    hint: 'Switch the sensors off and on; if it stays, unplug them one by one to find the one that holds the bus.',
  });

/** The kernel has no one-wire bus. Switch it on. */
export const oneWireNotEnabled = (cause?: unknown) =>
  new GatehouseError('ONE_WIRE_NOT_ENABLED', 'The one-wire bus is not enabled: /sys/bus/w1 does not exist.', {
    cause,
    hint: 'Add `dtoverlay=w1-gpio` to /boot/firmware/config.txt, then reboot.',
  });

/** No such chip on the one-wire bus. Check its wiring, or take another id. */
export const oneWireNoDevice = (id: string, found: readonly string[]) =>
  new GatehouseError('ONE_WIRE_NO_DEVICE', `No chip ${id} is on the one-wire bus.`, {
    context: { id, found: found.join(', ') },
    hint:
      found.length === 0
        ? 'Check wiring, power and the pull-up resistor of 4.7 kΩ.'
        : `Name one of those that are there: ${found.join(', ')}.`,
  });

/** The kernel could not read the chip. The next measurement may succeed. */
export const oneWireFailed = (id: string, cause: unknown) =>
  new GatehouseError('ONE_WIRE_FAILED', `The chip ${id} could not be read: ${messageOf(cause)}`, {
    context: { id },
    cause,
    retryable: true,
    hint: 'Check the cable and the pull-up resistor of 4.7 kΩ.',
  });
