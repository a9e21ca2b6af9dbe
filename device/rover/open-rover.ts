/** Puts the buggy to the agent's lines and bus, or into a simulated course where those are simulated. */
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { GpioChip } from '../../hardware/ports.js';
import type { RoverParts } from '../../hardware/rover/ports.js';
import type { CloudLink } from '../cloud-link.js';
import type { Recorder } from '../recorder.js';
import type { SensorBus } from '../sensors.js';
import type { RoverConfig } from './config.js';
import { Rover } from './rover.js';

export interface RoverSurroundings {
  readonly chip: GpioChip;
  readonly sensorBus: SensorBus;
  readonly link: CloudLink;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly log: Logger;
}

export function openRover(config: RoverConfig, around: RoverSurroundings): Rover {
  const { chip, link, recorder, clock } = around;
  return new Rover({
    config,
    openParts: () => (chip.route === 'simulated' ? simulatedParts(config, clock) : realParts(config, around)),
    isLinked: () => link.connected,
    onReadings: (readings) => recorder.readings(readings),
    clock,
    log: around.log.with({ part: 'rover' }),
  });
}

/** Loaded when somebody drives: most agents never do. */
async function simulatedParts({ course }: RoverConfig, clock: Clock): Promise<RoverParts> {
  const { makeCourse } = await import('../../hardware/sim/rover/course.js');
  const { RoverWorld } = await import('../../hardware/sim/rover/world.js');
  const { SimulatedRover } = await import('../../hardware/sim/rover/parts.js');
  return new SimulatedRover(new RoverWorld(makeCourse(course)), clock);
}

async function realParts({ wiring }: RoverConfig, around: RoverSurroundings): Promise<RoverParts> {
  const { chip, sensorBus, clock } = around;
  const { thermometerAddress, batteryAddress, ...lines } = wiring;
  const { openRoverParts } = await import('../../hardware/rover/open-parts.js');
  const at = async (kind: 'tmp102' | 'ina219', address: number | null) =>
    address === null ? undefined : sensorBus.sensor(kind, { address });
  const thermometer = await at('tmp102', thermometerAddress);
  const battery = await at('ina219', batteryAddress);
  const bus = await sensorBus.open();
  return openRoverParts({ wiring: lines, chip, bus, clock, thermometer, battery });
}
