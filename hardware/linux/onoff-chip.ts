/**
 * GPIO lines of a Raspberry Pi through the optional package `onoff`, which uses the kernel's sysfs
 * interface. The chip is found by label; onoff is given the global line number. onoff itself always
 * works in /sys, so another `sysfsRoot` serves tests of the discovery only.
 */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, sleep } from '../../core/clock.js';
import { GatehouseError, systemCode } from '../../core/errors.js';
import {
  gpioClosed,
  gpioDenied,
  gpioNoChip,
  lineBusy,
  lineFailed,
  lineUnknown,
  lineUnsupported,
} from '../errors.js';
import { lineOffset } from '../pin-name.js';
import type { GpioChip, GpioInput, GpioInputOptions, GpioOutput } from '../ports.js';
import {
  gpioClassFolder,
  listGpioChips,
  pickHeaderChip,
  raspberryPiLabels,
  type SysfsGpioChip,
} from './gpio-chips.js';
import { OnoffInput, OnoffOutput } from './onoff-line.js';
import { loadOnoff, type OnoffLine, type OnoffPackage } from './packages.js';

export interface OnoffChipOptions {
  readonly clock: Clock;
  /** `/sys` unless told. */
  readonly sysfsRoot?: string;
  /** Labels of chips that carry the header's lines, the preferred first. */
  readonly labels?: readonly string[];
  /** How onoff is loaded; tests give another. */
  readonly loadPackage?: () => Promise<OnoffPackage>;
}

/** udev gives a freshly exported line to the group `gpio` a moment later. */
const permissionTries = 5;
const permissionWaitMs = 100;

export class OnoffChip implements GpioChip {
  readonly route = 'onoff';
  readonly chip: SysfsGpioChip;
  readonly #clock: Clock;
  readonly #onoff: OnoffPackage;
  readonly #classFolder: string;
  readonly #open = new Map<number, GpioInput | GpioOutput | 'opening'>();
  #closed = false;

  private constructor(chip: SysfsGpioChip, onoff: OnoffPackage, options: OnoffChipOptions) {
    this.chip = chip;
    this.#clock = options.clock;
    this.#onoff = onoff;
    this.#classFolder = gpioClassFolder(options.sysfsRoot ?? '/sys');
  }

  /** @throws GPIO_NO_CHIP, HARDWARE_PACKAGE_MISSING. */
  static async open(options: OnoffChipOptions): Promise<OnoffChip> {
    const labels = options.labels ?? raspberryPiLabels;
    const chips = await listGpioChips(options.sysfsRoot);
    const chip = pickHeaderChip(chips, labels);
    if (chip === undefined) {
      throw gpioNoChip(
        labels,
        chips.map(({ label }) => label),
      );
    }
    return new OnoffChip(chip, await (options.loadPackage ?? loadOnoff)(), options);
  }

  async input({ pin, activeLow, bias, debounceMs = 0 }: GpioInputOptions): Promise<GpioInput> {
    if (bias !== undefined) throw lineUnsupported(pin, this.route, 'a pull resistor');
    if (debounceMs > 0) throw lineUnsupported(pin, this.route, "the kernel's debounce");
    return this.#claim(pin, async (number, onClose) => {
      const line = await this.#openLine(pin, number, {
        construct: () => new this.#onoff.Gpio(number, 'in', 'both', { activeLow }),
        configure: (opened) => {
          if (opened.activeLow() !== activeLow) opened.setActiveLow(activeLow);
          if (opened.direction() !== 'in') opened.setDirection('in');
          if (opened.edge() !== 'both') opened.setEdge('both');
        },
      });
      const level = await line.read().catch((error: unknown) => {
        line.unexport();
        throw lineFailed(pin, error);
      });
      return new OnoffInput({ pin, line, clock: this.#clock, level, onClose });
    });
  }

  /** The output starts inactive. */
  async output({ pin, activeLow }: GpioInputOptions): Promise<GpioOutput> {
    // `high` and `low` are electrical: the kernel does not apply active_low to the direction file.
    const inactive = activeLow ? 'high' : 'low';
    return this.#claim(pin, async (number, onClose) => {
      const line = await this.#openLine(pin, number, {
        construct: () => new this.#onoff.Gpio(number, inactive, 'none', { activeLow }),
        configure: (opened) => {
          if (opened.activeLow() !== activeLow) opened.setActiveLow(activeLow);
          if (opened.direction() !== 'out') opened.setDirection(inactive);
        },
      });
      return new OnoffOutput({ pin, line, onClose });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const lines = [...this.#open.values()].filter((line) => line !== 'opening');
    await Promise.all(lines.map((line) => line.close()));
  }

  async #claim<T extends GpioInput | GpioOutput>(
    pin: string,
    open: (lineNumber: number, onClose: () => void) => Promise<T>,
  ): Promise<T> {
    if (this.#closed) throw gpioClosed();
    const offset = lineOffset(pin, this.chip.lines);
    if (this.#open.has(offset)) throw lineBusy(pin);
    this.#open.set(offset, 'opening');
    try {
      const line = await open(this.chip.base + offset, () => this.#open.delete(offset));
      this.#open.set(offset, line);
      // Closed while the line was being opened.
      if (this.#closed) {
        await line.close();
        throw gpioClosed();
      }
      return line;
    } catch (error) {
      this.#open.delete(offset);
      throw error;
    }
  }

  /** onoff swallows the errors of a line that was exported before, so its settings are made sure of. */
  async #openLine(pin: string, number: number, steps: OpeningSteps): Promise<OnoffLine> {
    const line = await this.#patiently(pin, () => {
      refuseDenied(join(this.#classFolder, `gpio${number}`, 'value'));
      return steps.construct();
    });
    try {
      await this.#patiently(pin, () => steps.configure(line));
      return line;
    } catch (error) {
      line.unexport();
      throw error;
    }
  }

  async #patiently<T>(pin: string, step: () => T): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return step();
      } catch (error) {
        const mapped = mapLineError(pin, error);
        if (mapped.code !== 'GPIO_DENIED' || attempt === permissionTries) throw mapped;
        await sleep(this.#clock, permissionWaitMs);
      }
    }
  }
}

/**
 * onoff itself tries ten thousand times to open the file of an exported line, and the program stands
 * still meanwhile.
 */
function refuseDenied(valuePath: string): void {
  try {
    closeSync(openSync(valuePath, 'r+'));
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

interface OpeningSteps {
  readonly construct: () => OnoffLine;
  readonly configure: (line: OnoffLine) => void;
}

function mapLineError(pin: string, error: unknown): GatehouseError {
  if (error instanceof GatehouseError) return error;
  switch (systemCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return gpioDenied(pin, error);
    case 'EBUSY':
      return lineBusy(pin, error);
    case 'EINVAL':
      return lineUnknown(pin);
    default:
      return lineFailed(pin, error);
  }
}
