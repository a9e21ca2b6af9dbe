import { describe, expect, it } from 'vitest';
import { Mpu6050, type Mpu6050Options } from '../../../hardware/drivers/mpu6050.js';
import { SimulatedMpu6050 } from '../../../hardware/sim/chips/mpu6050.js';
import { SimulatedBus } from '../../../hardware/sim/simulated-bus.js';
import { RushingClock } from '../../support/rushing-clock.js';
import { ScriptedBus, type Transaction } from '../../support/scripted-bus.js';

const opening = (gyro = 0, accel = 0): Transaction[] => [
  { read: 0x75, gives: [0x68] },
  { write: 0x6b, bytes: [0x80] },
  { write: 0x6b, bytes: [0x01] },
  { write: 0x19, bytes: [9] },
  { write: 0x1a, bytes: [3] },
  { write: 0x1b, bytes: [gyro] },
  { write: 0x1c, bytes: [accel] },
  { read: 0x3a, gives: [0] },
  { read: 0x3a, gives: [1] },
];

async function scripted(
  options: Omit<Mpu6050Options, 'clock'>,
  open: Transaction[],
  ...script: Transaction[]
) {
  const bus = new ScriptedBus(0x68, [...open, ...script]);
  const sensor = await Mpu6050.open(bus, 0x68, { clock: new RushingClock(), ...options });
  return { bus, sensor };
}

describe('Mpu6050 on scripted transactions', () => {
  // Register map 4.17 to 4.19: 16384 steps per g, 131 per degree/s, 340 per degree from 36.53 on.
  it('reads one burst as m/s2, rad/s and degrees', async () => {
    const gives = [0x40, 0, 0xc0, 0, 0x20, 0, 0xf8, 0x30, 0x00, 0x83, 0xff, 0x7d, 0x33, 0x2c];
    const { bus, sensor } = await scripted({}, opening(), { read: 0x3b, gives });
    expect(await sensor.measure()).toEqual([
      { quantity: 'acceleration_x', unit: 'm/s2', value: 9.807 },
      { quantity: 'acceleration_y', unit: 'm/s2', value: -9.807 },
      { quantity: 'acceleration_z', unit: 'm/s2', value: 4.903 },
      { quantity: 'rotation_x', unit: 'rad/s', value: 0.0175 },
      { quantity: 'rotation_y', unit: 'rad/s', value: -0.0175 },
      { quantity: 'rotation_z', unit: 'rad/s', value: 1.7453 },
      { quantity: 'temperature', unit: 'Cel', value: 30.65 },
    ]);
    expect(bus.unused).toEqual([]);
  });

  it('asks for the ranges it is given, and scales by them (4.4, 4.5: FS_SEL and AFS_SEL)', async () => {
    const gives = [0x08, 0, 0, 0, 0, 0, 0, 0, 0x00, 0xa4, 0, 0, 0, 0];
    const ranges = { accelerationG: 16, rotationDegrees: 2000 } as const;
    const { bus, sensor } = await scripted(ranges, opening(0x18, 0x18), { read: 0x3b, gives });
    const { acceleration, rotation } = await sensor.motion();
    expect(acceleration.x).toBeCloseTo(9.80665, 5);
    expect(rotation.x).toBeCloseTo((10 * Math.PI) / 180, 3);
    expect(bus.unused).toEqual([]);
  });

  it('takes all zeros of a sleeping chip for a reset, never for a measurement', async () => {
    const zeros: Transaction = { read: 0x3b, gives: Array<number>(14).fill(0) };
    const { sensor } = await scripted({}, opening(), zeros, { read: 0x6b, gives: [0x40] });
    await expect(sensor.motion()).rejects.toMatchObject({ code: 'SENSOR_NOT_MEASURED', retryable: true });
  });

  it('names the chip that answers in its place', async () => {
    const open = scripted({}, [{ read: 0x75, gives: [0x71] }]);
    await expect(open).rejects.toMatchObject({
      code: 'SENSOR_WRONG_CHIP',
      message: expect.stringContaining('MPU-9250'),
    });
  });

  it('gives up on a chip that never has a sample', async () => {
    const never = Array<Transaction>(40).fill({ read: 0x3a, gives: [0] });
    await expect(scripted({}, [...opening().slice(0, 7), ...never])).rejects.toMatchObject({
      code: 'SENSOR_BUSY',
    });
  });
});

describe('Mpu6050 on the simulated chip', () => {
  it.each([2, 4, 8, 16] as const)('measures what the board does, at %d g', async (accelerationG) => {
    const clock = new RushingClock();
    const bus = new SimulatedBus({ bus: 1 });
    const moving = { acceleration: { x: 1.5, y: -2.5, z: 9.8 }, rotation: { x: 0.5, y: -1, z: 2 } };
    bus.attach(0x68, new SimulatedMpu6050({ clock, motion: () => moving, temperatureC: () => 25 }));
    const sensor = await Mpu6050.open(bus, 0x68, { clock, accelerationG, rotationDegrees: 500 });
    const { acceleration, rotation, temperatureC } = await sensor.motion();
    for (const axis of ['x', 'y', 'z'] as const) {
      expect(acceleration[axis]).toBeCloseTo(moving.acceleration[axis], 2);
      expect(rotation[axis]).toBeCloseTo(moving.rotation[axis], 3);
    }
    expect(temperatureC).toBeCloseTo(25, 1);
  });
});
