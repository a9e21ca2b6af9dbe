import { describe, expect, it } from 'vitest';
import { SimulatedTmp102 } from '../../../../hardware/sim/chips/tmp102.js';
import { FakeClock } from '../../../support/fake-clock.js';

function open(temperatureC: number) {
  const clock = new FakeClock();
  const air = { temperatureC, humidityPercent: 50, pressurePa: 100_000 };
  const chip = new SimulatedTmp102({ clock, climate: () => air });
  const word = (register: number) => [...chip.read(register, 2)];
  const write = (register: number, ...bytes: number[]) => chip.write(register, Uint8Array.from(bytes));
  return { clock, chip, air, word, write };
}

describe('SimulatedTmp102', () => {
  it('powers up as the datasheet says: 60A0, limits of 75 and 80 degrees, no temperature yet', () => {
    const { word } = open(20);
    expect([word(0), word(1), word(2), word(3)]).toEqual([
      [0, 0],
      [0x60, 0xa0],
      [0x4b, 0],
      [0x50, 0],
    ]);
  });

  // Datasheet SBOS397 table 8-2 (12 bits) and table 8-3 (13 bits), shifted to the left.
  it.each([
    [127.9375, 0x7ff0],
    [100, 0x6400],
    [25, 0x1900],
    [0.25, 0x0040],
    [0, 0x0000],
    [-0.25, 0xffc0],
    [-25, 0xe700],
    [-55, 0xc900],
    [150, 0x7ff0],
  ])('shows %d degrees in 12 bits as the datasheet does', (temperatureC, expected) => {
    const { clock, word } = open(temperatureC);
    clock.advance(26);
    expect(word(0)).toEqual([expected >> 8, expected & 0xff]);
  });

  it.each([
    [150, 0x4b01],
    [128, 0x4001],
    [25, 0x0c81],
    [-0.25, 0xffe1],
    [-55, 0xe481],
  ])('shows %d degrees in 13 bits as the datasheet does, with bit 0 set', (temperatureC, expected) => {
    const { clock, word, write } = open(temperatureC);
    write(1, 0x60, 0xb0);
    clock.advance(26);
    expect(word(0)).toEqual([expected >> 8, expected & 0xff]);
  });

  it('converts once when asked in shutdown; OS reads 0 meanwhile and 1 afterwards', () => {
    const { clock, air, word, write } = open(20);
    write(1, 0x61, 0xa0);
    clock.advance(100);
    expect(word(0)).toEqual([0x14, 0]);
    air.temperatureC = 30;
    write(1, 0xe1, 0xa0);
    expect(word(1)[0]).toBe(0x61);
    expect(word(0)).toEqual([0x14, 0]);
    clock.advance(26);
    expect(word(1)[0]).toBe(0xe1);
    expect(word(0)).toEqual([0x1e, 0]);
    air.temperatureC = 40;
    clock.advance(1000);
    expect(word(0)).toEqual([0x1e, 0]);
  });

  it('converts four times a second by itself', () => {
    const { clock, air, word } = open(20);
    clock.advance(26);
    expect(word(0)).toEqual([0x14, 0]);
    air.temperatureC = 30;
    clock.advance(200);
    expect(word(0)).toEqual([0x14, 0]);
    clock.advance(60);
    expect(word(0)).toEqual([0x1e, 0]);
  });

  it('keeps its resolution bits and its temperature from being written', () => {
    const { word, write } = open(20);
    write(1, 0x00, 0x00);
    write(0, 0x55, 0x55);
    expect([word(0), word(1)]).toEqual([
      [0, 0],
      [0x60, 0x20],
    ]);
  });
});
