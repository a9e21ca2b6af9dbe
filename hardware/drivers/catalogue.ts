/**
 * Every sensor that Gatehouse drives, as one table: how it is connected, where it may be, which settings it
 * takes, how it is opened. Its driver is loaded only when one is opened.
 */
import type { Clock } from '../../core/clock.js';
import type { GpioChip, I2cBus, OneWireBus, Sensor } from '../ports.js';
import type { Ads1115Channel, Ads1115Range } from './ads1115.js';
import type { DischargeCurve } from './battery.js';

/** What a sensor may be told; which of it a chip takes stands in the table. */
export interface SensorSettings {
  /** 7-bit I2C address. */
  readonly address?: number | undefined;
  readonly channels?: readonly Ads1115Channel[] | undefined;
  readonly rangeV?: Ads1115Range | undefined;
  readonly factor?: number | undefined;
  readonly shuntOhms?: number | undefined;
  readonly cells?: number | undefined;
  readonly resistanceOhms?: number | undefined;
  readonly curve?: DischargeCurve | undefined;
  readonly triggerPin?: string | undefined;
  readonly echoPin?: string | undefined;
  readonly temperatureC?: number | undefined;
  readonly id?: string | undefined;
}

/** Where sensors are; each part is opened when the first sensor needs it. */
export interface SensorPlaces {
  readonly clock: Clock;
  i2c(): Promise<I2cBus>;
  oneWire(): Promise<OneWireBus>;
  lines(): Promise<GpioChip>;
}

export interface SensorKind {
  readonly connection: 'i2c' | 'one-wire' | 'lines';
  readonly measures: string;
  /** Addresses that its pins can give it; empty when it is on no I2C bus. */
  readonly addresses: readonly number[];
  readonly required: readonly (keyof SensorSettings)[];
  readonly optional: readonly (keyof SensorSettings)[];
  open(places: SensorPlaces, settings: SensorSettings): Promise<Sensor>;
}

interface I2cKind {
  readonly measures: string;
  readonly addresses: readonly number[];
  readonly optional?: readonly (keyof SensorSettings)[];
  open(bus: I2cBus, address: number, clock: Clock, settings: SensorSettings): Promise<Sensor>;
}

function onI2c({ measures, addresses, optional = [], open }: I2cKind): SensorKind {
  return {
    connection: 'i2c',
    measures,
    addresses,
    required: [],
    optional: ['address', ...optional],
    open: async (places, settings) =>
      open(await places.i2c(), settings.address ?? addresses[0] ?? 0, places.clock, settings),
  };
}

const range = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

export const sensorKinds = {
  bme280: onI2c({
    measures: 'temperature, pressure, humidity',
    addresses: [0x76, 0x77],
    open: async (bus, address, clock) => (await import('./bme280.js')).Bme280.open(bus, address, { clock }),
  }),
  bmp280: onI2c({
    measures: 'temperature, pressure',
    addresses: [0x76, 0x77],
    open: async (bus, address, clock) => (await import('./bmp280.js')).Bmp280.open(bus, address, { clock }),
  }),
  tmp102: onI2c({
    measures: 'temperature',
    addresses: range(0x48, 4),
    open: async (bus, address, clock) => (await import('./tmp102.js')).Tmp102.open(bus, address, { clock }),
  }),
  sht31: onI2c({
    measures: 'temperature, humidity',
    addresses: [0x44, 0x45],
    open: async (bus, address, clock) => (await import('./sht31.js')).Sht31.open(bus, address, { clock }),
  }),
  mcp9808: onI2c({
    measures: 'temperature',
    addresses: range(0x18, 8),
    open: async (bus, address, clock) => (await import('./mcp9808.js')).Mcp9808.open(bus, address, { clock }),
  }),
  ads1115: onI2c({
    measures: 'four voltages',
    addresses: range(0x48, 4),
    optional: ['channels', 'rangeV', 'factor'],
    open: async (bus, address, clock, settings) =>
      (await import('./ads1115.js')).Ads1115.open(bus, address, {
        clock,
        ...given(settings, ['channels', 'rangeV', 'factor']),
      }),
  }),
  ina219: onI2c({
    measures: 'voltage, current, power, battery',
    addresses: range(0x40, 16),
    optional: ['shuntOhms', 'cells', 'resistanceOhms', 'curve'],
    open: async (bus, address, clock, settings) => {
      const battery = given(settings, ['cells', 'resistanceOhms', 'curve']);
      return (await import('./ina219.js')).Ina219.open(bus, address, {
        clock,
        ...given(settings, ['shuntOhms']),
        ...(Object.keys(battery).length === 0 ? {} : { battery }),
      });
    },
  }),
  mpu6050: onI2c({
    measures: 'acceleration, rotation, temperature of the chip',
    addresses: [0x68, 0x69],
    open: async (bus, address, clock) => (await import('./mpu6050.js')).Mpu6050.open(bus, address, { clock }),
  }),
  'hc-sr04': {
    connection: 'lines',
    measures: 'distance',
    addresses: [],
    required: ['triggerPin', 'echoPin'],
    optional: ['temperatureC'],
    open: async ({ clock, lines }, settings) =>
      (await import('./hc-sr04.js')).HcSr04.open(await lines(), {
        clock,
        triggerPin: settings.triggerPin ?? '',
        echoPin: settings.echoPin ?? '',
        ...given(settings, ['temperatureC']),
      }),
  },
  ds18b20: {
    connection: 'one-wire',
    measures: 'temperature',
    addresses: [],
    required: [],
    optional: ['id'],
    open: async ({ oneWire }, { id }) => (await import('./ds18b20.js')).Ds18b20.open(await oneWire(), id),
  },
} as const satisfies Record<string, SensorKind>;

export type SensorChip = keyof typeof sensorKinds;

type Given<K extends keyof SensorSettings> = { readonly [P in K]?: NonNullable<SensorSettings[P]> };

/** Those of `keys` that were told. */
function given<K extends keyof SensorSettings>(settings: SensorSettings, keys: readonly K[]): Given<K> {
  const entries = keys.flatMap((key) => (settings[key] === undefined ? [] : [[key, settings[key]]]));
  return Object.fromEntries(entries) as Given<K>;
}
