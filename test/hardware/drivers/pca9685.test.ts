import { describe, expect, it } from 'vitest';
import { motorOn, servoOn } from '../../../hardware/drivers/motor.js';
import { Pca9685 } from '../../../hardware/drivers/pca9685.js';
import { SimulatedPca9685 } from '../../../hardware/sim/chips/pca9685.js';
import { SimulatedBus } from '../../../hardware/sim/simulated-bus.js';
import { RushingClock } from '../../support/rushing-clock.js';
import { ScriptedBus, type Transaction } from '../../support/scripted-bus.js';

const identity: Transaction[] = [
  { read: 2, gives: [0xe2] },
  { read: 3, gives: [0xe4] },
  { read: 4, gives: [0xe8] },
  { read: 5, gives: [0xe0] },
];
const off = [0, 0, 0, 0x10];

/** Data sheet 7.3.5: the example has 200 Hz as 0x1e. */
const opening = (scale: number): Transaction[] => [
  ...identity,
  { write: 0x00, bytes: [0x30] },
  { write: 0xfa, bytes: off },
  { write: 0xfe, bytes: [scale] },
  { write: 0x01, bytes: [0x04] },
  { write: 0x00, bytes: [0x20] },
];

const open = (bus: ScriptedBus, frequencyHz: number) =>
  Pca9685.open(bus, 0x40, { clock: new RushingClock(), frequencyHz });

describe('Pca9685 on scripted transactions', () => {
  it.each([
    [200, 0x1e],
    [50, 0x79],
    [1526, 0x03],
    [24, 0xfd],
  ])('makes %d Hz by pre-scaler %d', async (frequencyHz, scale) => {
    const bus = new ScriptedBus(0x40, opening(scale));
    expect((await open(bus, frequencyHz)).frequencyHz).toBeCloseTo(frequencyHz, -1);
    expect(bus.unused).toEqual([]);
  });

  it('sets duties, with both ends by their own bits (7.3.3), and pulses in microseconds', async () => {
    const bus = new ScriptedBus(0x40, [
      ...opening(0x79),
      { write: 0x06, bytes: [0, 0, 0x00, 0x08] },
      { write: 0x0a, bytes: off },
      { write: 0x42, bytes: [0, 0x10, 0, 0] },
      { write: 0x06, bytes: [0, 0, 0x33, 0x01] },
      { write: 0xfa, bytes: off },
    ]);
    const pwm = await open(bus, 50);
    await pwm.setDuty(0, 0.5);
    await pwm.setDuty(1, 0);
    await pwm.setDuty(15, 1);
    await pwm.setPulse(0, 1_500);
    await pwm.close();
    await pwm.close();
    expect(bus.unused).toEqual([]);
  });

  it('refuses what it cannot put out', async () => {
    const pwm = await open(new ScriptedBus(0x40, opening(0x79)), 50);
    for (const wrong of [
      () => pwm.setDuty(16, 0),
      () => pwm.setDuty(-1, 0),
      () => pwm.setDuty(0, 1.1),
      () => pwm.setDuty(0, Number.NaN),
      () => pwm.setPulse(0, 25_000),
      () => open(new ScriptedBus(0x40, []), 10),
    ]) {
      await expect(wrong()).rejects.toMatchObject({ code: 'OUTPUT_INVALID' });
    }
  });

  it('writes nothing to a chip that is not one', async () => {
    const bus = new ScriptedBus(
      0x40,
      [2, 3, 4, 5].map((read) => ({ read, gives: [0xff] })),
    );
    await expect(open(bus, 50)).rejects.toMatchObject({ code: 'SENSOR_WRONG_CHIP' });
  });
});

describe('motors and servos on the simulated chip', () => {
  async function simulated() {
    const bus = new SimulatedBus({ bus: 1 });
    const chip = new SimulatedPca9685();
    bus.attach(0x40, chip);
    return { chip, pwm: await Pca9685.open(bus, 0x40, { clock: new RushingClock() }) };
  }

  it('drives a motor with two inputs, one at a time', async () => {
    const { chip, pwm } = await simulated();
    const motor = motorOn(pwm, { forward: 2, backward: 3 });
    const seen = async (speed: number) => {
      await motor.drive(speed);
      return [chip.duty(2), chip.duty(3)];
    };
    expect([await seen(0.25), await seen(-1), await seen(0), await seen(1)]).toEqual([
      [0.25, 0],
      [0, 1],
      [0, 0],
      [1, 0],
    ]);
    await expect(motor.drive(1.01)).rejects.toMatchObject({ code: 'OUTPUT_INVALID' });
  });

  it('drives a motor whose speed has an input of its own', async () => {
    const { chip, pwm } = await simulated();
    const motor = motorOn(pwm, { forward: 1, backward: 2, speed: 0 });
    await motor.drive(-0.5);
    expect([0, 1, 2].map((channel) => chip.duty(channel))).toEqual([0.5, 0, 1]);
    await motor.drive(0);
    expect([0, 1, 2].map((channel) => chip.duty(channel))).toEqual([0, 0, 0]);
  });

  it('turns a servo by pulses of 1 to 2 ms, and leaves everything off when closed', async () => {
    const { chip, pwm } = await simulated();
    const servo = servoOn(pwm, { channel: 7 });
    const pulseUs = async (position: number) => {
      await servo.turn(position);
      return (chip.duty(7) / chip.frequencyHz) * 1e6;
    };
    expect(await pulseUs(-1)).toBeCloseTo(1_000, -1);
    expect(await pulseUs(0)).toBeCloseTo(1_500, -1);
    expect(await pulseUs(1)).toBeCloseTo(2_000, -1);
    await pwm.close();
    expect(chip.duty(7)).toBe(0);
  });
});
