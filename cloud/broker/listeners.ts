/** Who wants to hear of one kind of event; whoever is added or taken off while it is told counts from the next one. */
export class Listeners<T> {
  readonly #listeners = new Set<(event: T) => void>();

  /** The result takes the listener off again. */
  add(listener: (event: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: T): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
