/** Runs tasks one after another in the order of their arrival; a failed task does not stop the next. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T> | T): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Resolves when everything that was queued until now has run. */
  async drained(): Promise<void> {
    await this.#tail;
  }
}
