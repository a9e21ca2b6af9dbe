/** What every I2C bus refuses before it touches the wire. */
import { i2cRequestInvalid } from './errors.js';

export interface I2cRequest {
  readonly bus: number;
  readonly address: number;
  readonly register: number;
  readonly length: number;
}

/** @throws I2C_REQUEST_INVALID when address, register or length is out of range. */
export function checkI2cRequest({ bus, address, register, length }: I2cRequest): void {
  const where = { bus, address };
  // UM10204 3.1.12: 0x00-0x07 and 0x78-0x7f are reserved, no sensor lives there.
  if (!within(address, 0x08, 0x77)) throw i2cRequestInvalid(where, `address ${address} is not 0x08 to 0x77`);
  if (!within(register, 0, 0xff)) throw i2cRequestInvalid(where, `register ${register} is not 0x00 to 0xff`);
  if (!within(length, 1, 0x100 - register)) {
    throw i2cRequestInvalid(where, `${length} bytes do not fit from register ${register}`);
  }
}

function within(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}
