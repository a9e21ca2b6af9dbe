/**
 * Counts what is under way, per function and in all; says no where a limit is reached. What is exempt
 * takes no place of the others: it waits for most of its time.
 */
export class Slots {
  readonly #limitOf: (functionName: string) => number;
  readonly #isExempt: (functionName: string) => boolean;
  readonly #maxTotal: number;
  readonly #taken = new Map<string, number>();
  #total = 0;

  constructor(
    maxTotal: number,
    limitOf: (functionName: string) => number,
    isExempt: (functionName: string) => boolean,
  ) {
    this.#isExempt = isExempt;
    this.#maxTotal = maxTotal;
    this.#limitOf = limitOf;
  }

  /** Takes a slot if one is free. */
  take(functionName: string): boolean {
    const taken = this.#taken.get(functionName) ?? 0;
    const isExempt = this.#isExempt(functionName);
    if (!isExempt && this.#total >= this.#maxTotal) return false;
    if (taken >= this.#limitOf(functionName)) return false;
    this.#taken.set(functionName, taken + 1);
    if (!isExempt) this.#total++;
    return true;
  }

  taken(functionName: string): number {
    return this.#taken.get(functionName) ?? 0;
  }

  giveBack(functionName: string): void {
    this.#taken.set(functionName, (this.#taken.get(functionName) ?? 1) - 1);
    if (!this.#isExempt(functionName)) this.#total--;
  }
}
