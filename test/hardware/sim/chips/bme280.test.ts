import { describe, expect, it } from 'vitest';
import { SimulatedBme280 } from '../../../../hardware/sim/chips/bme280.js';
import { rawValues, typicalTrim } from '../../../../hardware/sim/chips/bme280-inverse.js';
import { roomClimate, steadyClimate } from '../../../../hardware/sim/climate.js';
import { FakeClock } from '../../../support/fake-clock.js';

const air = { temperatureC: 25.08, humidityPercent: 50, pressurePa: 100_653 };

function open() {
  const clock = new FakeClock();
  const chip = new SimulatedBme280({ clock, climate: steadyClimate(air) });
  const byte = (register: number) => chip.read(register, 1)[0]!;
  const write = (register: number, ...bytes: number[]) => chip.write(register, Uint8Array.from(bytes));
  return { clock, chip, byte, write };
}

describe('SimulatedBme280', () => {
  it("inverts Bosch's worked example: 25.0825 degrees and 100653.27 Pa are 519888 and 415148", () => {
    const example = { temperatureC: 25.08247793, humidityPercent: 50, pressurePa: 100_653.26677582 };
    const raw = rawValues(typicalTrim, example, { temperature: 16, pressure: 16, humidity: 16 });
    expect(raw).toMatchObject({ temperature: 519888, pressure: 415148 });
  });

  it('holds the reset values until something was measured (datasheet 5.4.7)', () => {
    expect([...open().chip.read(0xf7, 8)]).toEqual([0x80, 0, 0, 0x80, 0, 0, 0x80, 0]);
  });

  it('copies its words for 2 ms after power-on and reset (datasheet 5.4.4, im_update)', () => {
    const { clock, byte, write } = open();
    expect(byte(0xf3) & 1).toBe(1);
    clock.advance(2);
    expect(byte(0xf3) & 1).toBe(0);
    write(0xe0, 0xb6);
    expect(byte(0xf3) & 1).toBe(1);
  });

  it('measures once in forced mode, is busy meanwhile, and sleeps again (datasheet 3.3.3)', () => {
    const { clock, chip, byte, write } = open();
    write(0xf2, 1);
    write(0xf4, 0x25);
    expect(byte(0xf3) & 8).toBe(8);
    clock.advance(7.9);
    expect(byte(0xf3) & 8).toBe(8);
    expect(chip.read(0xf7, 3)[0]).toBe(0x80);
    clock.advance(0.2);
    expect(byte(0xf3) & 8).toBe(0);
    expect(byte(0xf4)).toBe(0x24);
    expect([...chip.read(0xf7, 8)].slice(0, 2)).not.toEqual([0x80, 0]);
  });

  it('takes a new ctrl_hum only with the next write to ctrl_meas (datasheet 5.4.3)', () => {
    const { clock, chip, write } = open();
    const measured = () => {
      clock.advance(20);
      return [...chip.read(0xfd, 2)];
    };
    write(0xf4, 0x25);
    write(0xf2, 1);
    expect(measured()).toEqual([0x80, 0]);
    write(0xf4, 0x25);
    expect(measured()).not.toEqual([0x80, 0]);
  });

  it('takes a longer write as pairs of register and byte (datasheet 6.2.1)', () => {
    const { byte, write } = open();
    write(0xf2, 3, 0xf5, 0x40, 0xf4, 0x24);
    expect([byte(0xf2), byte(0xf5), byte(0xf4)]).toEqual([3, 0x40, 0x24]);
  });

  it('forgets settings and results on reset, and ignores other words there (datasheet 5.4.2)', () => {
    const { clock, chip, byte, write } = open();
    write(0xf2, 1);
    write(0xf4, 0x25);
    clock.advance(20);
    write(0xe0, 0x11);
    expect(byte(0xf4)).toBe(0x24);
    write(0xe0, 0xb6);
    expect([byte(0xf2), byte(0xf4)]).toEqual([0, 0]);
    expect([...chip.read(0xf7, 3)]).toEqual([0x80, 0, 0]);
  });
});

describe('roomClimate', () => {
  it('moves slowly and stays in a room over a month', () => {
    const minute = 60_000;
    let before = roomClimate(-9 * minute);
    for (let nowMs = minute; nowMs < 30 * 24 * 60 * minute; nowMs += 10 * minute) {
      const now = roomClimate(nowMs);
      expect(Math.abs(now.temperatureC - before.temperatureC)).toBeLessThan(0.7);
      expect(Math.abs(now.pressurePa - before.pressurePa)).toBeLessThan(20);
      expect(now.temperatureC > 18 && now.temperatureC < 24).toBe(true);
      expect(now.humidityPercent > 30 && now.humidityPercent < 60).toBe(true);
      expect(now.pressurePa > 100_000 && now.pressurePa < 102_500).toBe(true);
      before = now;
    }
  });
});
