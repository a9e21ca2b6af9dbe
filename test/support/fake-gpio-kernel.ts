/**
 * Stands in for the kernel's GPIO character device where there is none: lines whose wires a test drives,
 * one holder per line, a queue of events per line. Reads and writes the structures of <linux/gpio.h> by
 * offsets of its own.
 */
import type { GpioKernel } from '../../hardware/linux/gpio-kernel.js';
import type { Level } from '../../hardware/ports.js';

export interface FakeGpioChip {
  readonly label: string;
  readonly lines: number;
  /** By offset. */
  readonly names?: Readonly<Record<number, string>>;
}

interface Line {
  readonly offset: number;
  readonly flags: number;
  readonly debounceUs: number;
  readonly consumer: string;
  readonly events: Buffer[];
  value: number;
  onReadable: (() => void) | undefined;
}

export class FakeGpioKernel implements GpioKernel {
  /** Wires, electrical; an open end is low. */
  readonly wires = new Map<number, Level>();
  readonly lines = new Map<number, Line>();
  /** Thrown by opening a device, and by the next request for a line. */
  denied: string | undefined;
  refusal: string | undefined;
  nowMs: () => number = () => 0;
  readonly #chips: Readonly<Record<string, FakeGpioChip>>;
  readonly #files = new Map<number, FakeGpioChip | Line>();
  #nextFile = 100;

  /** By path. */
  constructor(chips: Readonly<Record<string, FakeGpioChip>>) {
    this.#chips = chips;
  }

  get openFiles(): number {
    return this.#files.size;
  }

  /** Another program takes the line. */
  hold(offset: number, consumer: string): void {
    this.lines.set(offset, {
      offset,
      flags: 8,
      debounceUs: 0,
      consumer,
      events: [],
      value: 0,
      onReadable: undefined,
    });
  }

  /** The wire changes from outside; an interrupt sees it. */
  drive(offset: number, level: Level): void {
    const before = this.wires.get(offset) ?? 0;
    this.wires.set(offset, level);
    const line = this.lines.get(offset);
    if (line === undefined || before === level || (line.flags & 0x30) !== 0x30) return;
    const event = Buffer.alloc(48);
    event.writeBigUInt64LE(BigInt(Math.round(this.nowMs() * 1e6)), 0);
    event.writeUInt32LE(this.#logical(line) === 1 ? 1 : 2, 8);
    line.events.push(event);
    line.onReadable?.();
  }

  electrical(offset: number): Level {
    const line = this.lines.get(offset);
    if (line === undefined || (line.flags & 8) === 0) return this.wires.get(offset) ?? 0;
    return ((line.flags & 2) === 0 ? line.value : 1 - line.value) as Level;
  }

  open(path: string): number {
    if (this.denied !== undefined) throw systemError(this.denied);
    const chip = this.#chips[path];
    if (chip === undefined) throw systemError('ENOENT');
    return this.#file(chip);
  }

  control(fd: number, request: number, bytes: Buffer): void {
    const file = this.#files.get(fd);
    if (file === undefined) throw systemError('EBADF');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    // _IOC_SIZE, bits 16 to 29: the structure's size.
    if (((request >>> 16) & 0x3fff) !== bytes.length) throw systemError('EFAULT');
    if ('label' in file) this.#askChip(file, request & 0xff, bytes, view);
    else this.#askLine(file, request & 0xff, view);
  }

  read(fd: number, into: Buffer): number {
    const line = this.#files.get(fd) as Line;
    let length = 0;
    while (length + 48 <= into.length) {
      const event = line.events.shift();
      if (event === undefined) break;
      event.copy(into, length);
      length += 48;
    }
    return length;
  }

  close(fd: number): void {
    const file = this.#files.get(fd);
    if (!this.#files.delete(fd)) throw systemError('EBADF');
    if (file !== undefined && 'offset' in file) this.lines.delete(file.offset);
  }

  monotonicMs(): number {
    return this.nowMs();
  }

  watch(fd: number, onReadable: () => void): () => void {
    const line = this.#files.get(fd) as Line;
    line.onReadable = onReadable;
    return () => {
      line.onReadable = undefined;
    };
  }

  #askChip(chip: FakeGpioChip, number: number, bytes: Buffer, view: DataView): void {
    if (number === 0x01) {
      bytes.write(chip.label, 32);
      view.setUint32(64, chip.lines, true);
      return;
    }
    if (number === 0x05) {
      const offset = view.getUint32(64, true);
      const line = this.lines.get(offset);
      bytes.write(chip.names?.[offset] ?? '', 0);
      bytes.write(line?.consumer ?? '', 32);
      view.setUint32(72, line === undefined ? 4 : 5, true);
      return;
    }
    this.#requestLine(chip, bytes, view);
  }

  #requestLine(chip: FakeGpioChip, bytes: Buffer, view: DataView): void {
    if (this.refusal !== undefined) throw systemError(this.refusal);
    const offset = view.getUint32(0, true);
    if (offset >= chip.lines || view.getUint32(560, true) !== 1) throw systemError('EINVAL');
    if (this.lines.has(offset)) throw systemError('EBUSY');
    const debounced = view.getUint32(296, true) === 1 && view.getUint32(320, true) === 3;
    const line: Line = {
      offset,
      flags: view.getUint32(288, true),
      debounceUs: debounced ? view.getUint32(328, true) : 0,
      consumer: bytes.toString('utf8', 256, bytes.indexOf(0, 256)),
      events: [],
      value: 0,
      onReadable: undefined,
    };
    this.lines.set(offset, line);
    view.setInt32(588, this.#file(line), true);
  }

  #askLine(line: Line, number: number, view: DataView): void {
    if (view.getUint32(8, true) !== 1) throw systemError('EINVAL');
    if (number === 0x0f) line.value = view.getUint32(0, true);
    else view.setUint32(0, this.#logical(line), true);
  }

  #logical(line: Line): number {
    const wire = this.wires.get(line.offset) ?? 0;
    return (line.flags & 2) === 0 ? wire : 1 - wire;
  }

  #file(of: FakeGpioChip | Line): number {
    this.#nextFile += 1;
    this.#files.set(this.#nextFile, of);
    return this.#nextFile;
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: refused`), { code });
}
