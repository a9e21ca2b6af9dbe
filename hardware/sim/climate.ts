/** The air around simulated sensors: a day's slow course, a function of the wall clock alone. */

export interface Air {
  readonly temperatureC: number;
  readonly humidityPercent: number;
  readonly pressurePa: number;
}

/** The air at a time in milliseconds since the Unix epoch. */
export type Climate = (nowMs: number) => Air;

/** The same air for ever. */
export function steadyClimate(air: Air): Climate {
  return () => air;
}

/** A heated room: warmest in the afternoon (UTC), drier when warmer, weather passing in days. */
export const roomClimate: Climate = (nowMs) => {
  const dayWave = wave(nowMs, 24, 9);
  const heatingWave = wave(nowMs, 0.5, 0);
  return {
    temperatureC: 21 + 1.6 * dayWave + 0.3 * heatingWave,
    humidityPercent: 45 - 5 * dayWave - 0.8 * heatingWave + 4 * wave(nowMs, 61, 0),
    pressurePa: 101_325 + 650 * wave(nowMs, 97, 0) + 60 * wave(nowMs, 12, 4),
  };
};

/** A sine of the given period that crosses zero upwards at `zeroHour`. */
function wave(nowMs: number, periodHours: number, zeroHour: number): number {
  return Math.sin(2 * Math.PI * ((nowMs / 3_600_000 - zeroHour) / periodHours));
}
