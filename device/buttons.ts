/**
 * The buttons of this device: a line and a click recogniser each. A button on a simulated line can
 * be pressed by command; the press moves the line as an electrical contact does, so that everything
 * behind it runs as with a finger.
 */
import type { Clock } from '../core/clock.js';
import { type Closeable, Lifetimes } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import type { ClickType } from '../core/wire/messages.js';
import type { GpioChip } from '../hardware/ports.js';
import { doublePress, longPress, singlePress } from '../hardware/sim/press-patterns.js';
import { type Pattern, SimulatedChip } from '../hardware/sim/simulated-chip.js';
import type { Click } from './clicks/click-machine.js';
import { ClickRecogniser } from './clicks/click-recogniser.js';
import type { ButtonConfig } from './config.js';
import { buttonReal, buttonUnknown } from './errors.js';

export interface ButtonsOptions {
  readonly chip: GpioChip;
  readonly buttons: readonly ButtonConfig[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly onClick: (button: string, click: Click) => void;
}

/** So much longer than needed is a simulated long press held. */
const holdMarginMs = 100;

export class Buttons implements Closeable {
  readonly #options: ButtonsOptions;
  readonly #lifetimes: Lifetimes;
  #presses = 0;

  private constructor(options: ButtonsOptions) {
    this.#options = options;
    this.#lifetimes = new Lifetimes(options.log);
  }

  /** Opens and watches every line. @throws LINE_UNKNOWN, LINE_BUSY, GPIO_DENIED. */
  static async open(options: ButtonsOptions): Promise<Buttons> {
    const opened = new Buttons(options);
    try {
      for (const button of options.buttons) await opened.#watch(button);
      return opened;
    } catch (error) {
      await opened.close().catch(() => {});
      throw error;
    }
  }

  get simulated(): boolean {
    return this.#options.chip instanceof SimulatedChip;
  }

  /**
   * Plays a press on a simulated line; resolves when the button is up again.
   * @throws BUTTON_UNKNOWN, BUTTON_REAL, INTERRUPTED when the chip closes first.
   */
  async press(name: string, clickType: ClickType): Promise<void> {
    const { buttons, chip } = this.#options;
    const button = buttons.find((candidate) => candidate.name === name);
    if (button === undefined)
      throw buttonUnknown(
        name,
        buttons.map((each) => each.name),
      );
    if (!(chip instanceof SimulatedChip)) throw buttonReal(name);
    await chip.play(button.pin, pressPattern(button, clickType, ++this.#presses));
  }

  close(): Promise<void> {
    return this.#lifetimes.close();
  }

  async #watch(button: ButtonConfig): Promise<void> {
    const { chip, clock, log, onClick } = this.#options;
    const { name, pin, activeLow } = button;
    const line = this.#lifetimes.add(`line ${pin}`, await chip.input({ pin, activeLow }));
    const recogniser = ClickRecogniser.open({
      line,
      clock,
      rules: button,
      onClick: (click) => onClick(name, click),
      onError: (error) => log.error('a button does not work', { button: name, pin, error }),
    });
    this.#lifetimes.add(`button ${name}`, recogniser);
  }
}

function pressPattern({ activeLow, longMs }: ButtonConfig, clickType: ClickType, seed: number): Pattern {
  const options = { activeLow, seed };
  if (clickType === 'LONG') return longPress(longMs + holdMarginMs, options);
  return clickType === 'DOUBLE' ? doublePress(options) : singlePress(options);
}
