/**
 * The hardware ports: what the device program may ask of lines and buses. Real ones are in
 * `linux/`, doubles that behave are in `sim/`; one contract suite per port holds both.
 */
import type { Closeable } from '../core/lifecycle.js';

export type Level = 0 | 1;

/** A change of a line's level, before any debouncing. */
export interface Edge {
  /** The level after the edge; 1 means active (pressed), whatever the wiring. */
  readonly level: Level;
  /** Milliseconds with fraction on the clock's monotonic scale, as near to the edge as the route can tell. */
  readonly atMs: number;
}

export interface GpioInput extends Closeable {
  /** How it is reached: `chardev`, `onoff`, `simulated`. */
  readonly route: string;
  /** As configured: `GPIO17`, `pin 11`. */
  readonly pin: string;
  /** @throws LINE_FAILED, LINE_CLOSED. */
  read(): Promise<Level>;
  /** Calls `listener` for every edge, in order, until the returned function is called or the line closes. */
  watch(listener: (edge: Edge) => void, onError?: (error: Error) => void): () => void;
  /**
   * Tells the watchers now of the edges that the kernel has stamped already, and that the event loop would
   * bring later. Only where the kernel stamps edges: elsewhere what is read late has a late time.
   */
  drain?(): void;
}

export interface GpioOutput extends Closeable {
  readonly route: string;
  readonly pin: string;
  write(level: Level): Promise<void>;
}

export interface GpioInputOptions {
  readonly pin: string;
  /** True when the pressed button pulls the line low (the usual wiring with a pull-up). */
  readonly activeLow: boolean;
  /** Pull resistor inside the chip; as it was before unless told. Only where the chip `setsBias`. */
  readonly bias?: Bias;
  /**
   * Levels that last shorter are not seen, ms; done by the kernel, which delays every edge by as much.
   * Simulated lines take no notice, the route `onoff` refuses.
   */
  readonly debounceMs?: number;
}

export type Bias = 'pull-up' | 'pull-down' | 'none';

/** A source of lines; opened once per agent. */
export interface GpioChip extends Closeable {
  readonly route: string;
  /** Can it switch the pull resistors? */
  readonly setsBias?: boolean;
  /** @throws LINE_UNKNOWN, LINE_BUSY, GPIO_DENIED, LINE_UNSUPPORTED. */
  input(options: GpioInputOptions): Promise<GpioInput>;
  output(options: { readonly pin: string; readonly activeLow: boolean }): Promise<GpioOutput>;
}

/**
 * An I2C bus by registers, as SMBus and every sensor datasheet speak of it. `address` is the 7-bit
 * address. Concurrent calls are run one after another.
 *
 * Every transfer: @throws I2C_NO_DEVICE when nothing answers at the address, I2C_SHORT_READ,
 * I2C_FAILED otherwise.
 */
export interface I2cBus extends Closeable {
  readonly route: string;
  readonly bus: number;
  readRegisters(address: number, register: number, length: number): Promise<Uint8Array>;
  writeRegisters(address: number, register: number, bytes: Uint8Array): Promise<void>;
  /**
   * What a chip sends without being told a register first: chips that take commands (SHT31), and the
   * gentlest way to ask whether anything is there at all.
   */
  receive(address: number, length: number): Promise<Uint8Array>;
}

/** The one-wire bus, whose master is the kernel. */
export interface OneWireBus {
  readonly route: string;
  /** Ids of the chips on it, for instance `28-0316a2798fff`. @throws ONE_WIRE_NOT_ENABLED. */
  devices(): Promise<readonly string[]>;
  /** A measurement and then the nine bytes of the scratchpad. @throws ONE_WIRE_NO_DEVICE, ONE_WIRE_FAILED. */
  scratchpad(id: string): Promise<Uint8Array>;
}

type Axis = 'x' | 'y' | 'z';

/** What is measured: the second part of a series' name. */
export type Quantity =
  | 'temperature'
  | 'pressure'
  | 'humidity'
  | 'distance'
  | 'voltage'
  | `voltage_a${0 | 1 | 2 | 3}`
  | 'current'
  | 'power'
  | 'battery'
  | `acceleration_${Axis}`
  | `rotation_${Axis}`;

/** One physical value, in the unit that SenML (RFC 8428) registers for its kind (`%EL`: battery left). */
export interface Measurement {
  readonly quantity: Quantity;
  readonly unit: 'Cel' | 'Pa' | '%RH' | 'm' | 'V' | 'A' | 'W' | '%EL' | 'm/s2' | 'rad/s';
  readonly value: number;
}

export interface Sensor {
  /** Chip name, for instance `bme280`. */
  readonly chip: string;
  /**
   * One measurement of everything the chip measures; what it cannot tell now is left out.
   * @throws the bus's errors, SENSOR_IMPLAUSIBLE.
   */
  measure(): Promise<readonly Measurement[]>;
  /** Gives lines back; sensors on a bus have nothing to give back. */
  close?(): Promise<void>;
}

/** A vector along the axes printed on the chip's board. */
export interface Vector {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

export interface Motion {
  /** Acceleration, m/s2; at rest it points up with 9.81. */
  readonly acceleration: Vector;
  /** Rotation, rad/s, right-handed about each axis. */
  readonly rotation: Vector;
}

export interface MotionSensor {
  motion(): Promise<Motion>;
}

export interface RangeFinder {
  /** Metres to the nearest obstacle ahead; undefined when nothing is within range. */
  distanceM(): Promise<number | undefined>;
}

/** Outputs that are switched fast: motors, servos, dimmed lamps. */
export interface PwmOutputs extends Closeable {
  /** Number of outputs; channels count from 0. */
  readonly channels: number;
  /** `duty` is the share of time that the output is on: 0 is off, 1 is on. */
  setDuty(channel: number, duty: number): Promise<void>;
  /** Switches the output on for `widthUs` microseconds of each period, as servos take it. */
  setPulse(channel: number, widthUs: number): Promise<void>;
  /** Everything off. */
  allOff(): Promise<void>;
}
