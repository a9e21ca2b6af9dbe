/** Numbers that follow from a seed (mulberry32 by Tommy Ettinger, public domain), so that a run can be repeated. */
export interface Random {
  /** Evenly from [low, high). */
  between(low: number, high: number): number;
  /** Normally distributed about 0 (Box and Muller 1958). */
  normal(standardDeviation: number): number;
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    between: (low, high) => low + (high - low) * next(),
    normal: (standardDeviation) =>
      standardDeviation * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}
