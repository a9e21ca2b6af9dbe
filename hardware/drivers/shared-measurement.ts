/** One measurement for all who ask while it is under way: chips have one data register. */
export class SharedMeasurement<T> {
  #underWay: Promise<T> | undefined;

  run(measure: () => Promise<T>): Promise<T> {
    this.#underWay ??= measure().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }
}
