/** How chips are told from one another on a bus: where they live, and what stands in their registers. */
import { hexadecimal } from './errors.js';
import type { RegisterReader } from './scan.js';

export interface Candidate {
  /** Name in the configuration, where Gatehouse drives it. */
  readonly chip: string | undefined;
  readonly title: string;
  readonly addresses: readonly [first: number, last: number];
  /** What was seen, when it is that chip. Absent where reading might be taken for a command, or tells nothing. */
  readonly sign?: (registers: RegisterReader) => Promise<string | undefined>;
  /** The sign is no id: other chips could have it too. */
  readonly weak?: boolean;
}

function byId(register: number, id: number): NonNullable<Candidate['sign']> {
  return async (registers) =>
    (await registers.byte(register)) === id ? `its id is ${hexadecimal(id)}` : undefined;
}

function word(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}

/** The surest first. Clauses of the datasheets stand with the drivers. */
const candidates: readonly Candidate[] = [
  { chip: 'bme280', title: 'BME280', addresses: [0x76, 0x77], sign: byId(0xd0, 0x60) },
  { chip: 'bmp280', title: 'BMP280', addresses: [0x76, 0x77], sign: byId(0xd0, 0x58) },
  { chip: undefined, title: 'BME680', addresses: [0x76, 0x77], sign: byId(0xd0, 0x61) },
  { chip: undefined, title: 'BMP180', addresses: [0x77, 0x77], sign: byId(0xd0, 0x55) },
  { chip: 'mpu6050', title: 'MPU-6050', addresses: [0x68, 0x69], sign: byId(0x75, 0x68) },
  { chip: undefined, title: 'MPU-6500', addresses: [0x68, 0x69], sign: byId(0x75, 0x70) },
  { chip: undefined, title: 'MPU-9250', addresses: [0x68, 0x69], sign: byId(0x75, 0x71) },
  { chip: undefined, title: 'VL53L0X', addresses: [0x29, 0x29], sign: byId(0xc0, 0xee) },
  {
    chip: 'mcp9808',
    title: 'MCP9808',
    addresses: [0x18, 0x1f],
    sign: async (registers) =>
      (await registers.word(0x06)) === 0x0054 && (await registers.word(0x07)) >> 8 === 0x04
        ? 'maker and device id are right'
        : undefined,
  },
  {
    chip: 'pca9685',
    title: 'PCA9685',
    addresses: [0x40, 0x77],
    sign: async (registers) => {
      // One by one: without auto-increment a longer read gives the same register again.
      for (const [index, byte] of [0xe2, 0xe4, 0xe8, 0xe0].entries()) {
        if ((await registers.byte(2 + index)) !== byte) return undefined;
      }
      return 'its sub-addresses are those of power-up';
    },
  },
  {
    chip: 'tmp102',
    title: 'TMP102',
    addresses: [0x48, 0x4b],
    weak: true,
    sign: async (registers) => {
      const config = await registers.word(0x01);
      return (config & 0x600f) === 0x6000 ? `its configuration reads ${word(config)}` : undefined;
    },
  },
  {
    chip: 'ads1115',
    title: 'ADS1115',
    addresses: [0x48, 0x4b],
    weak: true,
    sign: async (registers) => {
      const config = await registers.word(0x01);
      const plain = config !== 0xffff && (config & 0x001f) === 0x0003;
      return plain ? `its configuration reads ${word(config)}` : undefined;
    },
  },
  {
    chip: 'ina219',
    title: 'INA219',
    addresses: [0x40, 0x4f],
    weak: true,
    sign: async (registers) => {
      const config = await registers.word(0x00);
      // That of power-up, and the one of the driver here.
      return config === 0x399f || config === 0x3e63 ? `its configuration reads ${word(config)}` : undefined;
    },
  },
  // These take commands, or have nothing that tells them apart.
  { chip: 'sht31', title: 'an SHT31', addresses: [0x44, 0x45] },
  { chip: undefined, title: 'a display with SSD1306', addresses: [0x3c, 0x3d] },
  { chip: undefined, title: 'a port expander, as behind text displays', addresses: [0x20, 0x27] },
  { chip: undefined, title: 'a memory', addresses: [0x50, 0x57] },
  { chip: undefined, title: 'a clock such as the DS3231', addresses: [0x68, 0x68] },
  { chip: undefined, title: 'the common address of all PCA9685', addresses: [0x70, 0x70] },
];

export function candidatesAt(address: number): Candidate[] {
  return candidates.filter(({ addresses: [first, last] }) => address >= first && address <= last);
}
