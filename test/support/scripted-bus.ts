/**
 * An I2C bus that follows a script: every transfer must be the next one of the script, and the test
 * asserts at its end that the script is used up.
 */
import { expect } from 'vitest';
import type { I2cBus } from '../../hardware/ports.js';

export type Transaction =
  | { readonly read: number; readonly gives: readonly number[] | Error }
  | { readonly receives: readonly number[] | Error }
  | { readonly write: number; readonly bytes: readonly number[] };

export class ScriptedBus implements I2cBus {
  readonly route = 'scripted';
  readonly bus = 1;
  readonly #address: number;
  readonly #script: Transaction[];
  #done = 0;

  constructor(address: number, script: readonly Transaction[]) {
    this.#address = address;
    this.#script = [...script];
  }

  /** Appends further transactions. */
  append(...script: readonly Transaction[]): void {
    this.#script.push(...script);
  }

  async readRegisters(address: number, register: number, length: number): Promise<Uint8Array> {
    const next = this.#next(address, `read of ${length} from 0x${register.toString(16)}`);
    if (!('read' in next)) throw this.#deviation('a read', next);
    expect({ register, step: this.#done }).toEqual({ register: next.read, step: this.#done });
    if (next.gives instanceof Error) throw next.gives;
    expect({ length, step: this.#done }).toEqual({ length: next.gives.length, step: this.#done });
    return Uint8Array.from(next.gives);
  }

  async writeRegisters(address: number, register: number, bytes: Uint8Array): Promise<void> {
    const next = this.#next(address, `write to 0x${register.toString(16)}`);
    if (!('write' in next)) throw this.#deviation('a write', next);
    expect({ register, bytes: [...bytes], step: this.#done }).toEqual({
      register: next.write,
      bytes: [...next.bytes],
      step: this.#done,
    });
  }

  async receive(address: number, length: number): Promise<Uint8Array> {
    const next = this.#next(address, `receipt of ${length}`);
    if (!('receives' in next)) throw this.#deviation('a receipt', next);
    if (next.receives instanceof Error) throw next.receives;
    expect({ length, step: this.#done }).toEqual({ length: next.receives.length, step: this.#done });
    return Uint8Array.from(next.receives);
  }

  async close(): Promise<void> {}

  /** Transactions of the script that nobody asked for. */
  get unused(): readonly Transaction[] {
    return this.#script.slice(this.#done);
  }

  #next(address: number, what: string): Transaction {
    expect(address).toBe(this.#address);
    const next = this.#script[this.#done];
    if (next === undefined) throw new Error(`the script is used up, yet there is a ${what}`);
    this.#done += 1;
    return next;
  }

  #deviation(got: string, wanted: Transaction): Error {
    return new Error(`step ${this.#done}: got ${got}, the script has ${JSON.stringify(wanted)}`);
  }
}
