/**
 * Loads the optional native packages, and says what brings them when they do not load.
 * They are loaded only when a real route is used, so a machine without them still runs.
 */
import { messageOf, systemCode } from '../../core/errors.js';
import { packageMissing } from '../errors.js';
import type { Level } from '../ports.js';

/** The part of onoff that Gatehouse uses. */
export interface OnoffLine {
  read(): Promise<Level>;
  write(level: Level): Promise<void>;
  watch(callback: (error: Error | null | undefined, level: Level) => void): void;
  unwatch(): void;
  unexport(): void;
  direction(): string;
  edge(): string;
  activeLow(): boolean;
  setDirection(direction: 'in' | 'high' | 'low'): void;
  setEdge(edge: 'both'): void;
  setActiveLow(activeLow: boolean): void;
}

export interface OnoffPackage {
  readonly Gpio: new (
    line: number,
    direction: 'in' | 'high' | 'low',
    edge: 'both' | 'none',
    options: { readonly activeLow: boolean },
  ) => OnoffLine;
}

/** What the adapter can do. */
export interface I2cFunctions {
  readonly i2c: boolean;
  readonly smbusReadI2cBlock: boolean;
  readonly smbusWriteI2cBlock: boolean;
  readonly smbusReadWord: boolean;
  readonly smbusWriteWord: boolean;
}

/** The part of i2c-bus that Gatehouse uses. */
export interface I2cBusHandle {
  readI2cBlock(
    address: number,
    register: number,
    length: number,
    buffer: Buffer,
  ): Promise<{ readonly bytesRead: number }>;
  writeI2cBlock(address: number, register: number, length: number, buffer: Buffer): Promise<unknown>;
  /** The low byte is the first on the wire. */
  readWord(address: number, register: number): Promise<number>;
  writeWord(address: number, register: number, word: number): Promise<unknown>;
  receiveByte(address: number): Promise<number>;
  i2cRead(address: number, length: number, buffer: Buffer): Promise<{ readonly bytesRead: number }>;
  i2cFuncs(): Promise<I2cFunctions>;
  close(): Promise<void>;
}

export interface I2cBusPackage {
  openPromisified(bus: number): Promise<I2cBusHandle>;
}

/** The part of koffi that Gatehouse uses here. */
export interface KoffiPackage {
  /** null names the running program itself. */
  load(library: null): { func<F>(name: string, result: string, parameters: readonly string[]): F };
  /** Of the last call. */
  errno(): number;
  sizeof(type: string): number;
  proto(name: string, result: string, parameters: readonly string[]): unknown;
  pointer(type: unknown): unknown;
  register(callback: () => void, type: unknown): unknown;
  unregister(callback: unknown): void;
}

export type OptionalPackage = 'koffi' | 'onoff' | 'i2c-bus';

const importers: Record<OptionalPackage, () => Promise<unknown>> = {
  koffi: async () => (await import('koffi')).default,
  onoff: () => import('onoff'),
  'i2c-bus': () => import('i2c-bus'),
};

/** The package with the compiled part: npm rebuilds that one, not the package that uses it. */
const nativePart: Record<OptionalPackage, string> = { koffi: 'koffi', onoff: 'epoll', 'i2c-bus': 'i2c-bus' };

/** @throws HARDWARE_PACKAGE_MISSING with the one command that brings it. */
export async function loadOptionalPackage(
  name: OptionalPackage,
  importPackage: (name: OptionalPackage) => Promise<unknown> = (wanted) => importers[wanted](),
): Promise<unknown> {
  try {
    return await importPackage(name);
  } catch (error) {
    throw packageMissing(name, packageRemedy(name, error), error);
  }
}

export async function loadKoffi(): Promise<KoffiPackage> {
  return (await loadOptionalPackage('koffi')) as KoffiPackage;
}

export async function loadOnoff(): Promise<OnoffPackage> {
  return (await loadOptionalPackage('onoff')) as OnoffPackage;
}

export async function loadI2cBus(): Promise<I2cBusPackage> {
  return (await loadOptionalPackage('i2c-bus')) as I2cBusPackage;
}

function packageRemedy(name: OptionalPackage, error: unknown): string {
  // It is the one that brings its binaries with it.
  if (name === 'koffi') return 'Run `npm install --include=optional`.';
  const absent = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(systemCode(error) ?? '');
  // `bindings` reports a package that is there but was never compiled with a message only.
  const uncompiled = /bindings file|\.node/.test(messageOf(error));
  const bring =
    absent && !uncompiled
      ? 'npm install --include=optional'
      : `npm rebuild ${nativePart[name]} --foreground-scripts`;
  return `Run \`sudo apt install build-essential python3 && ${bring}\`.`;
}
