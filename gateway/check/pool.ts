/** Things that serve one caller at a time. */
export class Pool<T> {
  readonly #free: T[];
  readonly #waiting: (() => void)[] = [];

  /** @param free the last ones are taken first. */
  constructor(free: readonly T[]) {
    this.#free = [...free];
  }

  /** Holds a free one, as soon as there is one, while `work` uses it. */
  async use<R>(work: (one: T) => Promise<R>): Promise<R> {
    const one = await this.#take();
    try {
      return await work(one);
    } finally {
      this.#free.push(one);
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  async #take(): Promise<T> {
    for (;;) {
      const one = this.#free.pop();
      if (one !== undefined) return one;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
