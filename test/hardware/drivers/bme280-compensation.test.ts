import { describe, expect, it } from 'vitest';
import {
  type Bme280Calibration,
  compensateHumidity,
  compensatePressure,
  fineTemperature,
  readCalibration,
} from '../../../hardware/drivers/bme280-compensation.js';

// Bosch's worked example (datasheet of the BMP280, 3.12, the same formulas), with common humidity words.
const example: Bme280Calibration = {
  t1: 27504,
  t2: 26435,
  t3: -1000,
  p: [36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000],
  h1: 75,
  h2: 363,
  h3: 0,
  h4: 322,
  h5: 50,
  h6: 30,
};

// Unlike any chip: every humidity word has its uncommon sign or its far end.
const unusual: Bme280Calibration = { ...example, h1: 200, h2: 120, h3: 255, h4: -349, h5: -300, h6: -100 };

describe('BME280 compensation', () => {
  it("gives the result of Bosch's worked example", () => {
    const fine = fineTemperature(example, 519888);
    expect(fine).toBeCloseTo(128422.287, 3);
    expect(fine / 5120).toBeCloseTo(25.08, 2);
    expect(compensatePressure(example, 415148, fine)).toBeCloseTo(100653.27, 2);
  });

  // The right-hand values come from the datasheet's integer formulas (4.2.3), computed elsewhere.
  it.each([
    ['warm', 519888, 25.08, 100653.25, 44.423828125, 50.9736328125],
    ['cold', 0x60000, -14.79, 94595.3125, 43.6669921875, 54.08984375],
    ['hot', 0x98000, 57.14, 105621.44140625, 44.591796875, 25.7880859375],
  ])('agrees with the integer formulas when it is %s', (_, raw, celsius, pascal, common, odd) => {
    const fine = fineTemperature(example, raw);
    expect(Math.abs(fine / 5120 - celsius)).toBeLessThan(0.011);
    expect(Math.abs(compensatePressure(example, 415148, fine) - pascal)).toBeLessThan(1);
    expect(Math.abs(compensateHumidity(example, 28656, fine) - common)).toBeLessThan(0.05);
    expect(Math.abs(compensateHumidity(unusual, 8000, fine) - odd)).toBeLessThan(0.05);
  });

  it('gives no number where the calibration would divide by zero', () => {
    expect(compensatePressure({ ...example, p: [0, 0, 0, 0, 0, 0, 0, 0, 0] }, 415148, 128422)).toBeNaN();
  });
});

describe('readCalibration', () => {
  it('reads signed and unsigned words, and the two words that share a byte (datasheet 4.2.2)', () => {
    const low = Uint8Array.from({ length: 26 }, (_, index) => 0x80 + index);
    const high = Uint8Array.of(0x01, 0xff, 0xfe, 0x85, 0x3c, 0xf2, 0x81);
    expect(readCalibration(low, high)).toEqual({
      t1: 0x8180,
      t2: 0x8382 - 0x10000,
      t3: 0x8584 - 0x10000,
      p: [
        0x8786,
        ...[0x8988, 0x8b8a, 0x8d8c, 0x8f8e, 0x9190, 0x9392, 0x9594, 0x9796].map((word) => word - 0x10000),
      ],
      h1: 0x99,
      h2: -255,
      h3: 0xfe,
      h4: 0x85c - 0x1000,
      h5: 0xf23 - 0x1000,
      h6: -127,
    });
  });

  it('reads positive split words', () => {
    const high = Uint8Array.of(0x6a, 0x01, 0x00, 0x14, 0x2d, 0x03, 0x1e);
    expect(readCalibration(new Uint8Array(26), high)).toMatchObject({
      h2: 362,
      h3: 0,
      h4: 0x14d,
      h5: 0x32,
      h6: 30,
    });
  });

  it('reads bytes that lie inside a larger buffer', () => {
    const all = new Uint8Array(40);
    all[5] = 0x70;
    all[6] = 0x6b;
    expect(readCalibration(all.subarray(5, 31), new Uint8Array(7)).t1).toBe(27504);
  });
});
