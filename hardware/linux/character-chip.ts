/**
 * GPIO lines through the character device /dev/gpiochipN, which every kernel since 5.10 has and which is
 * the only way since Debian trixie. The chip is found by label; a line is one file, held by nobody else.
 */
import type { Clock } from '../../core/clock.js';
import { type GatehouseError, systemCode } from '../../core/errors.js';
import { gpioClosed, gpioDenied, gpioNoChip, lineBusy, lineFailed, lineUnknown } from '../errors.js';
import { bcmNumber } from '../pin-name.js';
import type { Bias, GpioChip, GpioInput, GpioInputOptions, GpioOutput } from '../ports.js';
import { type CharacterChipFact, findCharacterChip } from './character-chips.js';
import { CharacterInput, CharacterOutput } from './character-line.js';
import { raspberryPiLabels } from './gpio-chips.js';
import { type GpioKernel, openGpioKernel } from './gpio-kernel.js';
import {
  decodeLineInfo,
  encodeLineRequest,
  type LineInfo,
  lineFile,
  lineFlags,
  lineInfoRequest,
  requests,
} from './gpio-uapi.js';

export interface CharacterChipOptions {
  readonly clock: Clock;
  /** `/dev` unless told. */
  readonly devRoot?: string;
  /** Labels of chips that carry the header's lines, the preferred first. */
  readonly labels?: readonly string[];
  /** Tests give another. */
  readonly kernel?: GpioKernel;
}

const consumer = 'gatehouse';
const eventBuffer = 256;
const biasFlags: Readonly<Record<Bias, number>> = {
  'pull-up': lineFlags.pullUp,
  'pull-down': lineFlags.pullDown,
  none: lineFlags.noBias,
};

export class CharacterChip implements GpioChip {
  readonly route = 'chardev';
  readonly setsBias = true;
  readonly chip: CharacterChipFact;
  readonly #kernel: GpioKernel;
  readonly #clock: Clock;
  readonly #fd: number;
  readonly #open = new Map<number, GpioInput | GpioOutput>();
  #names: readonly string[] | undefined;
  #closed = false;

  private constructor(chip: CharacterChipFact, fd: number, kernel: GpioKernel, clock: Clock) {
    this.chip = chip;
    this.#fd = fd;
    this.#kernel = kernel;
    this.#clock = clock;
  }

  /** @throws GPIO_NO_CHIP, GPIO_DENIED, HARDWARE_PACKAGE_MISSING. */
  static async open(options: CharacterChipOptions): Promise<CharacterChip> {
    const kernel = options.kernel ?? (await openGpioKernel());
    const labels = options.labels ?? raspberryPiLabels;
    const { chip, all } = await findCharacterChip(kernel, labels, options.devRoot);
    if (chip !== undefined) return new CharacterChip(chip, kernel.open(chip.path), kernel, options.clock);
    const denied = all.find(({ refused }) => refused === 'EACCES' || refused === 'EPERM');
    if (denied !== undefined) throw gpioDenied(denied.path, new Error(`${denied.refused}: ${denied.path}`));
    throw gpioNoChip(
      labels,
      all.map(({ label, path }) => label ?? path),
    );
  }

  async input(options: GpioInputOptions): Promise<GpioInput> {
    const { pin, activeLow, bias, debounceMs = 0 } = options;
    const flags =
      lineFlags.input |
      lineFlags.risingEdge |
      lineFlags.fallingEdge |
      (activeLow ? lineFlags.activeLow : 0) |
      (bias === undefined ? 0 : biasFlags[bias]);
    const { fd, offset } = this.#request(pin, flags, Math.round(debounceMs * 1_000));
    const line = CharacterInput.open({
      pin,
      fd,
      kernel: this.#kernel,
      clock: this.#clock,
      onClose: () => this.#open.delete(offset),
    });
    this.#open.set(offset, line);
    return line;
  }

  /** The output starts inactive: the kernel's default, which knows of active low. */
  async output(options: GpioInputOptions): Promise<GpioOutput> {
    const flags = lineFlags.output | (options.activeLow ? lineFlags.activeLow : 0);
    const { fd, offset } = this.#request(options.pin, flags, 0);
    const line = new CharacterOutput({
      pin: options.pin,
      fd,
      kernel: this.#kernel,
      onClose: () => this.#open.delete(offset),
    });
    this.#open.set(offset, line);
    return line;
  }

  /** Every line with its name and its user, by offset. @throws LINE_FAILED. */
  lines(): readonly LineInfo[] {
    return Array.from({ length: this.chip.lines }, (_, offset) => this.#info(offset));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([...this.#open.values()].map((line) => line.close()));
    this.#kernel.close(this.#fd);
  }

  #request(pin: string, flags: number, debounceUs: number) {
    if (this.#closed) throw gpioClosed();
    const offset = this.#offset(pin);
    const request = encodeLineRequest({ offset, consumer, flags, debounceUs, eventBuffer });
    try {
      this.#kernel.control(this.#fd, requests.line, request);
    } catch (error) {
      throw this.#refusal(pin, offset, error);
    }
    return { fd: lineFile(request), offset };
  }

  #refusal(pin: string, offset: number, error: unknown): GatehouseError {
    switch (systemCode(error)) {
      case 'EBUSY':
        return lineBusy(pin, error, this.#info(offset).consumer);
      case 'EACCES':
      case 'EPERM':
        return gpioDenied(pin, error);
      default:
        return lineFailed(pin, error);
    }
  }

  /** The kernel's name goes first: boards may call a line GPIO17 that is not the seventeenth. */
  #offset(pin: string): number {
    this.#names ??= this.lines().map(({ name }) => name);
    const named = pin === '' ? -1 : this.#names.indexOf(pin);
    if (named >= 0) return named;
    const number = bcmNumber(pin);
    if (number === undefined || number >= this.chip.lines) throw lineUnknown(pin);
    return number;
  }

  #info(offset: number): LineInfo {
    const bytes = lineInfoRequest(offset);
    try {
      this.#kernel.control(this.#fd, requests.lineInfo, bytes);
    } catch (error) {
      throw lineFailed(`${this.chip.path}:${offset}`, error);
    }
    return decodeLineInfo(bytes);
  }
}
