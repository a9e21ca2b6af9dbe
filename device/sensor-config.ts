/** A sensor in the agent's configuration. Which settings a chip takes stands in the table of drivers. */
import { z } from 'zod';
import {
  type SensorChip,
  type SensorKind,
  type SensorSettings,
  sensorKinds,
} from '../hardware/drivers/catalogue.js';
import { linePin } from './pin-config.js';

const i2cAddress = z
  .union([z.int(), z.string().regex(/^0x[0-9a-fA-F]{1,2}$/, 'a number, or a string such as "0x76"')])
  .transform(Number)
  .refine((address) => address >= 0x08 && address <= 0x77, 'must be from 0x08 to 0x77');

const chips = Object.keys(sensorKinds) as [SensorChip, ...SensorChip[]];

const settings = {
  address: i2cAddress.optional().describe('7-bit I2C address; the lowest that the chip can have'),
  channels: z
    .array(z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]).describe('0 to 3, for A0 to A3'))
    .min(1)
    .max(4)
    .optional()
    .describe('ads1115: inputs that are measured; all'),
  rangeV: z
    .union([
      z.literal(6.144),
      z.literal(4.096),
      z.literal(2.048),
      z.literal(1.024),
      z.literal(0.512),
      z.literal(0.256),
    ])
    .optional()
    .describe('ads1115: largest voltage, V; 4.096'),
  factor: z
    .number()
    .positive()
    .optional()
    .describe('ads1115: what a voltage is multiplied with, for a divider; 1'),
  shuntOhms: z.number().positive().max(10).optional().describe('ina219: its shunt, ohms; 0.1'),
  cells: z
    .int()
    .min(1)
    .max(6)
    .optional()
    .describe('ina219: cells of the battery in series, whose charge is told then'),
  resistanceOhms: z.number().min(0).max(10).optional().describe('ina219: of battery and wires, ohms; 0'),
  curve: z
    .array(z.tuple([z.number().positive().max(60), z.number().min(0).max(100)]).describe('V and percent'))
    .min(2)
    .max(50)
    .refine((curve) => curve.every(([volts], index) => index === 0 || volts > (curve[index - 1]?.[0] ?? 0)), {
      message: 'voltages must rise',
    })
    .optional()
    .describe('ina219: V of one cell at rest and percent left, rising; a lithium-polymer cell'),
  triggerPin: linePin.optional().describe('hc-sr04: line of its trigger'),
  echoPin: linePin.optional().describe('hc-sr04: line of its echo, behind a divider to 3.3 V'),
  temperatureC: z
    .number()
    .min(-40)
    .max(85)
    .optional()
    .describe('hc-sr04: of the air, for the speed of sound; 20'),
  id: z
    .string()
    .regex(/^28-[0-9a-f]{12}$/, 'an id such as 28-0316a2798fff')
    .optional()
    .describe('ds18b20: which one, where there are several'),
};

export const sensor = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, - and _ only, 1 to 64 of them')
      .describe('First part of the series names, as in room.temperature'),
    chip: z.enum(chips).describe('Sensor chip'),
    everyMs: z.int().min(100).max(86_400_000).default(10_000).describe('Time between measurements, ms'),
    ...settings,
  })
  .superRefine((value, context) => {
    const kind: SensorKind = sensorKinds[value.chip];
    const issue = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    for (const key of kind.required) {
      if (value[key] === undefined) issue(key, `a ${value.chip} needs it`);
    }
    for (const key of Object.keys(settings) as (keyof SensorSettings)[]) {
      const takes = kind.required.includes(key) || kind.optional.includes(key);
      if (value[key] !== undefined && !takes) issue(key, `a ${value.chip} has no such setting`);
    }
    const { address } = value;
    if (address === undefined || kind.addresses.length === 0 || kind.addresses.includes(address)) return;
    const first = hexadecimal(kind.addresses[0]);
    issue('address', `a ${value.chip} can be at ${first} to ${hexadecimal(kind.addresses.at(-1))} only`);
  })
  .transform((value) => {
    const [first] = (sensorKinds[value.chip] as SensorKind).addresses;
    return { ...value, address: value.address ?? first };
  });

function hexadecimal(address: number | undefined): string {
  return `0x${(address ?? 0).toString(16)}`;
}
