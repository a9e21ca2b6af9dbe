/**
 * From air to the raw values of a BME280: the compensation polynomials, written as quadratics in the
 * unknown and solved for it. Only the simulated chip uses this; the driver has the forward direction.
 */
import type { Air } from '../climate.js';

export interface RawValues {
  /** 20 bits. */
  readonly temperature: number;
  /** 20 bits. */
  readonly pressure: number;
  /** 16 bits. */
  readonly humidity: number;
}

/** Datasheet 5.4.7 and 5.4.8: what the data registers hold for a skipped measurement, and after a reset. */
export const skippedRaw: RawValues = { temperature: 0x80000, pressure: 0x80000, humidity: 0x8000 };

/** Trimming words as burnt in at the factory, by their datasheet numbers (`t[0]` is dig_T1). */
export class Bme280Trim {
  readonly t: readonly [number, number, number];
  readonly p: readonly [number, number, number, number, number, number, number, number, number];
  readonly h: readonly [number, number, number, number, number, number];

  constructor(t: Bme280Trim['t'], p: Bme280Trim['p'], h: Bme280Trim['h']) {
    this.t = t;
    this.p = p;
    this.h = h;
  }

  /** Datasheet 4.2.2, table 16: where each word lies. dig_H4 and dig_H5 share register 0xE5. */
  store(memory: Uint8Array): void {
    const view = new DataView(memory.buffer, memory.byteOffset);
    // Signed and unsigned words leave the same bits.
    [...this.t, ...this.p].forEach((word, index) => {
      view.setInt16(0x88 + 2 * index, word, true);
    });
    const [h1, h2, h3, h4, h5, h6] = this.h;
    memory[0xa1] = h1;
    view.setInt16(0xe1, h2, true);
    memory.set([h3, h4 >> 4, ((h5 & 0x0f) << 4) | (h4 & 0x0f), h5 >> 4, h6], 0xe3);
  }
}

/** Temperature and pressure words of Bosch's worked example, humidity words as common chips have them. */
export const typicalTrim = new Bme280Trim(
  [27504, 26435, -1000],
  [36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000],
  [75, 363, 0, 322, 50, 30],
);

export interface Oversampling {
  readonly temperature: number;
  readonly pressure: number;
  readonly humidity: number;
}

/** Raw values for `air`; quantities with no samples come out as skipped. */
export function rawValues(trim: Bme280Trim, air: Air, oversampling: Oversampling): RawValues {
  // The carried temperature, in 1/5120 degrees.
  const fine = air.temperatureC * 5120;
  return {
    temperature:
      oversampling.temperature === 0
        ? skippedRaw.temperature
        : quantized(rawTemperature(trim, fine), oversampling.temperature),
    pressure:
      oversampling.pressure === 0
        ? skippedRaw.pressure
        : quantized(rawPressure(trim, fine, air.pressurePa), oversampling.pressure),
    humidity:
      oversampling.humidity === 0
        ? skippedRaw.humidity
        : clamped(rawHumidity(trim, fine, air.humidityPercent), 0xffff),
  };
}

/** fine = T2 x + T3/64 x², where x = raw/2^14 - T1/2^10. */
function rawTemperature({ t: [t1, t2, t3] }: Bme280Trim, fine: number): number {
  const x = smallRoot(t3 / 64, t2, -fine);
  return (x + t1 / 1024) * 2 ** 14;
}

/** Two quadratics: from the pressure to the uncorrected one, whose distance from 2^20 - raw is linear. */
function rawPressure({ p }: Bme280Trim, fine: number, pressurePa: number): number {
  const [p1, p2, p3, p4, p5, p6, p7, p8, p9] = p;
  const u = fine / 2 - 64_000;
  const gain = p1 * (1 + ((p3 * u) / 2 ** 19 + p2) * (u / 2 ** 34));
  const offset = ((p6 * u) / 2 ** 15 + 2 * p5) * (u / 2 ** 14) + p4 * 16;
  const uncorrected = smallRoot(p9 / 2 ** 35, 1 + p8 / 2 ** 19, p7 / 16 - pressurePa);
  return 2 ** 20 - offset - (uncorrected * gain) / 6250;
}

/** humidity = y - (H1/2^19) y², where y is linear in the raw value. */
function rawHumidity({ h: [h1, h2, h3, h4, h5, h6] }: Bme280Trim, fine: number, percent: number): number {
  const u = fine - 76_800;
  const y = smallRoot(-h1 / 2 ** 19, 1, -percent);
  const slope = (h2 / 2 ** 16) * (1 + ((h6 * u) / 2 ** 26) * (1 + (h3 * u) / 2 ** 26));
  return y / slope + 64 * h4 + (h5 * u) / 2 ** 14;
}

/** The root of a x² + b x + c that stays finite as `a` goes to zero. */
function smallRoot(a: number, b: number, c: number): number {
  return (-2 * c) / (b + Math.sqrt(b * b - 4 * a * c));
}

/** Datasheet 3.4.1: without filter the result has 16 bits for one sample, and one more per doubling. */
function quantized(raw: number, sampleCount: number): number {
  const step = 2 ** Math.max(0, 4 - Math.log2(sampleCount));
  return clamped(Math.round(raw / step) * step, 0xfffff);
}

function clamped(raw: number, limit: number): number {
  return Math.min(limit, Math.max(0, Math.round(raw)));
}
