/** The kernel's one-wire bus through sysfs (Documentation/w1/slaves/w1_therm.rst). Reading takes up to 0.8 s. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../core/errors.js';
import { oneWireFailed, oneWireNoDevice, oneWireNotEnabled } from '../errors.js';
import type { OneWireBus } from '../ports.js';

export class KernelOneWire implements OneWireBus {
  readonly route = 'w1';
  readonly #folder: string;

  /** `sysfsRoot` is `/sys` unless told. */
  constructor(sysfsRoot = '/sys') {
    this.#folder = join(sysfsRoot, 'bus', 'w1', 'devices');
  }

  async devices(): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      throw oneWireNotEnabled(error);
    });
    // Chips are their family and their number; the masters are called otherwise.
    return names.filter((name) => /^[0-9a-f]{2}-[0-9a-f]{12}$/.test(name)).sort();
  }

  /** `w1_slave` measures and then gives the bytes in hexadecimal, twice, with the temperature behind. */
  async scratchpad(id: string): Promise<Uint8Array> {
    let text: string;
    try {
      text = await readFile(join(this.#folder, id, 'w1_slave'), 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') throw oneWireNoDevice(id, await this.devices());
      throw oneWireFailed(id, error);
    }
    const words = /^((?:[0-9a-f]{2} ){9}): crc=/.exec(text)?.[1];
    if (words === undefined) throw oneWireFailed(id, new Error('the kernel gave no bytes'));
    return Uint8Array.from(words.trim().split(' '), (word) => Number.parseInt(word, 16));
  }
}
