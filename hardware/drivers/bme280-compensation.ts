/**
 * Compensation of the BME280's raw values: Bosch datasheet BST-BME280-DS002, the double-precision
 * formulas of appendix 8.1, and the layout of the calibration words (4.2.2, table 16).
 */

export interface Bme280Calibration {
  readonly t1: number;
  readonly t2: number;
  readonly t3: number;
  /** dig_P1 to dig_P9. */
  readonly p: readonly number[];
  readonly h1: number;
  readonly h2: number;
  readonly h3: number;
  readonly h4: number;
  readonly h5: number;
  readonly h6: number;
}

/**
 * @param low the 26 bytes from register 0x88 on
 * @param high the 7 bytes from register 0xE1 on
 */
export function readCalibration(low: Uint8Array, high: Uint8Array): Bme280Calibration {
  const first = new DataView(low.buffer, low.byteOffset, 26);
  const second = new DataView(high.buffer, high.byteOffset, 7);
  const signed = (index: number) => first.getInt16(2 * index, true);
  // 0xE4 is dig_H4[11:4], 0xE5 holds dig_H4[3:0] below and dig_H5[3:0] above, 0xE6 is dig_H5[11:4];
  // the sign comes with the upper byte.
  const shared = second.getUint8(4);
  return {
    t1: first.getUint16(0, true),
    t2: signed(1),
    t3: signed(2),
    p: [first.getUint16(6, true), ...[4, 5, 6, 7, 8, 9, 10, 11].map(signed)],
    h1: first.getUint8(25),
    h2: second.getInt16(0, true),
    h3: second.getUint8(2),
    h4: second.getInt8(3) * 16 + (shared & 0x0f),
    h5: second.getInt8(5) * 16 + (shared >> 4),
    h6: second.getInt8(6),
  };
}

/** t_fine of the datasheet: the temperature in 1/5120 degrees Celsius, which the others build on. */
export function fineTemperature({ t1, t2, t3 }: Bme280Calibration, raw: number): number {
  const linear = (raw / 16384 - t1 / 1024) * t2;
  const square = (raw / 131072 - t1 / 8192) ** 2 * t3;
  return linear + square;
}

/** Pressure in pascals, or NaN where the calibration would have it divide by zero. */
export function compensatePressure(calibration: Bme280Calibration, raw: number, fine: number): number {
  const [p1 = 0, p2 = 0, p3 = 0, p4 = 0, p5 = 0, p6 = 0, p7 = 0, p8 = 0, p9 = 0] = calibration.p;
  const centred = fine / 2 - 64000;
  const offset = ((centred * centred * p6) / 32768 + centred * p5 * 2) / 4 + p4 * 65536;
  const slope = (1 + ((p3 * centred * centred) / 524288 + p2 * centred) / 524288 / 32768) * p1;
  if (slope === 0) return Number.NaN;
  const pressure = ((1048576 - raw - offset / 4096) * 6250) / slope;
  return pressure + ((p9 * pressure * pressure) / 2147483648 + (pressure * p8) / 32768 + p7) / 16;
}

/** Relative humidity in percent, not yet limited to 0 to 100. */
export function compensateHumidity(calibration: Bme280Calibration, raw: number, fine: number): number {
  const { h1, h2, h3, h4, h5, h6 } = calibration;
  const centred = fine - 76800;
  const distance = raw - (h4 * 64 + (h5 / 16384) * centred);
  const slope = (h2 / 65536) * (1 + (h6 / 67108864) * centred * (1 + (h3 / 67108864) * centred));
  const humidity = distance * slope;
  return humidity * (1 - (h1 * humidity) / 524288);
}
