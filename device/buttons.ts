/**
 * The buttons of this device: a line and a click recogniser each. A button on a simulated line can
 * be pressed by command; the press moves the line as an electrical contact does, so that everything
 * behind it runs as with a finger.
 */
import { type Clock, sleep } from '../core/clock.js';
import { type Closeable, Lifetimes } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import type { ClickType } from '../core/wire/messages.js';
import type { GpioChip, GpioInputOptions } from '../hardware/ports.js';
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

/** So much longer than needed is a simulated long press held, and the pause after a press. */
const marginMs = 100;

export class Buttons implements Closeable {
  readonly #options: ButtonsOptions;
  readonly #lifetimes: Lifetimes;
  readonly #stop = new AbortController();
  readonly #lastPress = new Map<string, Promise<void>>();
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
   * Plays a press on a simulated line; resolves when the button is up and its click is decided.
   * Presses of one button are played one after another, each as a click of its own.
   * @throws BUTTON_UNKNOWN, BUTTON_REAL, INTERRUPTED when it closes first.
   */
  async press(name: string, clickType: ClickType): Promise<void> {
    const { buttons, chip } = this.#options;
    const button = buttons.find((candidate) => candidate.name === name);
    if (button === undefined) {
      const known = buttons.map((each) => each.name);
      throw buttonUnknown(name, known);
    }
    if (!(chip instanceof SimulatedChip)) throw buttonReal(name);
    const before = this.#lastPress.get(name) ?? Promise.resolve();
    const played = before.then(() => this.#play(chip, button, clickType));
    const ended = played.catch(() => {});
    this.#lastPress.set(name, ended);
    await played;
  }

  close(): Promise<void> {
    this.#stop.abort();
    return this.#lifetimes.close();
  }

  async #play(chip: SimulatedChip, button: ButtonConfig, clickType: ClickType): Promise<void> {
    const { signal } = this.#stop;
    await chip.play(button.pin, pressPattern(button, clickType, ++this.#presses), { signal });
    // A press that came sooner would be the second half of a double click.
    const restMs = (button.double ? button.doubleMs : button.debounceMs) + marginMs;
    await sleep(this.#options.clock, restMs, signal);
  }

  async #watch(button: ButtonConfig): Promise<void> {
    const { chip, clock, log, onClick } = this.#options;
    const { name, pin } = button;
    const line = this.#lifetimes.add(`line ${pin}`, await chip.input(lineOptions(button, chip)));
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

/** An open button must rest somewhere: where the chip can, it is held at the inactive level. */
function lineOptions({ pin, activeLow, bias, filterMs }: ButtonConfig, chip: GpioChip): GpioInputOptions {
  const pull = bias ?? (chip.setsBias ? (activeLow ? 'pull-up' : 'pull-down') : undefined);
  return { pin, activeLow, debounceMs: filterMs, ...(pull === undefined ? {} : { bias: pull }) };
}

function pressPattern({ activeLow, longMs }: ButtonConfig, clickType: ClickType, seed: number): Pattern {
  const options = { activeLow, seed };
  if (clickType === 'LONG') return longPress(longMs + marginMs, options);
  return clickType === 'DOUBLE' ? doublePress(options) : singlePress(options);
}
