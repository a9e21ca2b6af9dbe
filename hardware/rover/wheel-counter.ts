/**
 * Counts the edges that a slotted disc gives while its wheel turns. One light barrier cannot tell the
 * direction: it is taken from the motor's, and kept while the wheel runs out.
 */
import type { Closeable } from '../../core/lifecycle.js';
import type { GpioInput } from '../ports.js';

export class WheelCounter implements Closeable {
  readonly #input: GpioInput;
  readonly #unwatch: () => void;
  #count = 0;
  #direction: 1 | -1 = 1;
  #fault: Error | undefined;

  constructor(input: GpioInput) {
    this.#input = input;
    this.#unwatch = input.watch(
      () => {
        this.#count += this.#direction;
      },
      (error) => {
        this.#fault = error;
      },
    );
  }

  /** @throws what the line said, once; a disc that is not read must not look like one that stands. */
  get count(): number {
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault) throw fault;
    return this.#count;
  }

  /** 0 leaves the direction as it was. */
  driven(duty: number): void {
    if (duty !== 0) this.#direction = duty > 0 ? 1 : -1;
  }

  async close(): Promise<void> {
    this.#unwatch();
    await this.#input.close();
  }
}
