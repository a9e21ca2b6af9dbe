/** Types of what tests share with the benches. */
export function quantile(values: readonly number[], q: number): number;
