/** Counts what is under way, per function and in all; says no where a limit is reached. */
export class Slots {
  readonly #limitOf: (functionName: string) => number;
  readonly #maxTotal: number;
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(maxTotal: number, limitOf: (functionName: string) => number) {
    this.#maxTotal = maxTotal;
    this.#limitOf = limitOf;
  }

  /** Takes a slot if one is free. */
  take(functionName: string): boolean {
    const taken = this.#taken.get(functionName) ?? 0;
    if (this.#total >= this.#maxTotal || taken >= this.#limitOf(functionName)) return false;
    this.#taken.set(functionName, taken + 1);
    this.#total++;
    return true;
  }

  taken(functionName: string): number {
    return this.#taken.get(functionName) ?? 0;
  }

  giveBack(functionName: string): void {
    this.#taken.set(functionName, (this.#taken.get(functionName) ?? 1) - 1);
    this.#total--;
  }
}
