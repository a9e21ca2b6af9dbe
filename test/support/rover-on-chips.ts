/**
 * A simulated buggy wired to chips at register level: what the drivers write to the PCA9685 moves it,
 * its turning is read from an MPU-6050, its walls answer an HC-SR04, its wheels give edges on lines.
 */
import type { Clock } from '../../core/clock.js';
import { roverConfig } from '../../device/rover/config.js';
import { openRoverParts, type RoverWiring } from '../../hardware/rover/open-parts.js';
import type { RoverParts } from '../../hardware/rover/ports.js';
import { attachHcSr04 } from '../../hardware/sim/chips/hc-sr04.js';
import { SimulatedMpu6050 } from '../../hardware/sim/chips/mpu6050.js';
import { SimulatedPca9685 } from '../../hardware/sim/chips/pca9685.js';
import type { RoverWorld } from '../../hardware/sim/rover/world.js';
import { SimulatedBus } from '../../hardware/sim/simulated-bus.js';
import { SimulatedChip } from '../../hardware/sim/simulated-chip.js';

const stepMs = 10;

export interface WiredRover {
  readonly parts: RoverParts;
  readonly pwm: SimulatedPca9685;
  readonly lines: SimulatedChip;
  readonly bus: SimulatedBus;
  readonly wiring: RoverWiring;
  /** Lets the world move with the clock until called. */
  unplug(): void;
}

export async function wireRover(world: RoverWorld, clock: Clock): Promise<WiredRover> {
  const { thermometerAddress: _, batteryAddress: __, ...wiring } = roverConfig.parse({}).wiring;
  const lines = new SimulatedChip({ clock });
  const bus = new SimulatedBus({ bus: 1 });
  const pwm = new SimulatedPca9685();
  const startMs = clock.monotonicMs();
  const { gyroScale, gyroBiasRadS } = world.faults;
  const motion = () => ({
    acceleration: { x: 0, y: 0, z: 9.81 },
    rotation: { x: 0, y: 0, z: world.yawRateRadS * gyroScale + gyroBiasRadS / 2 },
  });
  bus.attach(wiring.pwmAddress, pwm);
  bus.attach(wiring.imuAddress, new SimulatedMpu6050({ clock, motion }));
  lines.drive(wiring.stopPin, 0);
  const { triggerPin, echoPin } = wiring;
  const unplugSonar = attachHcSr04({
    chip: lines,
    triggerPin,
    echoPin,
    distanceM: () => world.range(bearingOf(pwm)),
  });
  const wheels = [wiring.leftWheelPin, wiring.rightWheelPin].map((pin) => ({
    pin,
    level: 0 as 0 | 1,
    count: 0,
  }));
  let timer = clock.after(0, step);
  function step(): void {
    const drive = ({ forward, backward }: { forward: number; backward: number }) =>
      pwm.duty(forward) - pwm.duty(backward);
    world.setDuty(drive(wiring.leftMotor), drive(wiring.rightMotor));
    world.advanceTo(clock.monotonicMs() - startMs);
    const { left, right } = world.counts();
    for (const [side, wheel] of wheels.entries()) {
      for (
        const now = side === 0 ? left : right;
        wheel.count !== now;
        wheel.count += Math.sign(now - wheel.count)
      ) {
        wheel.level = wheel.level === 0 ? 1 : 0;
        lines.drive(wheel.pin, wheel.level);
      }
    }
    timer = clock.after(stepMs, step);
  }
  const parts = await openRoverParts({
    wiring,
    chip: lines,
    bus,
    clock,
    thermometer: undefined,
    battery: undefined,
  });
  const unplug = () => {
    timer.cancel();
    unplugSonar();
  };
  return { parts, pwm, lines, bus, wiring, unplug };
}

/** 500 µs of 20 ms is 90 degrees to the right, 2500 µs to the left. */
function bearingOf(pwm: SimulatedPca9685): number {
  const pulseUs = pwm.duty(8) * (1_000_000 / pwm.frequencyHz);
  return ((pulseUs - 1_500) / 1_000) * (Math.PI / 2);
}
