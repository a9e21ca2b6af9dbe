/**
 * The kernel's GPIO interface of character devices, version 2 (<linux/gpio.h>, Linux 5.10): requests
 * and the layouts of their structures, which are the same on 32 and 64 bits. Bytes in, facts out; all
 * machines that Gatehouse runs on have the low byte first.
 */

/** _IOR(0xB4, 0x01, struct gpiochip_info) and so on; the size of the structure is in the number. */
export const requests = {
  chipInfo: 0x8044b401,
  lineInfo: 0xc100b405,
  line: 0xc250b407,
  getValues: 0xc010b40e,
  setValues: 0xc010b40f,
} as const;

/** GPIO_V2_LINE_FLAG_*. */
export const lineFlags = {
  used: 0x1,
  activeLow: 0x2,
  input: 0x4,
  output: 0x8,
  risingEdge: 0x10,
  fallingEdge: 0x20,
  pullUp: 0x100,
  pullDown: 0x200,
  noBias: 0x400,
} as const;

const nameBytes = 32; // GPIO_MAX_NAME_SIZE
const debounceAttribute = 3; // GPIO_V2_LINE_ATTR_ID_DEBOUNCE
const risingEvent = 1; // GPIO_V2_LINE_EVENT_RISING_EDGE
export const eventBytes = 48; // struct gpio_v2_line_event

export const chipInfoBytes = 68;
export function decodeChipInfo(bytes: Buffer) {
  return { name: text(bytes, 0), label: text(bytes, nameBytes), lines: bytes.readUInt32LE(64) };
}

export function lineInfoRequest(offset: number): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.writeUInt32LE(offset, 64);
  return bytes;
}

export interface LineInfo {
  /** Of the wiring, by the board's maker; empty when it has none. */
  readonly name: string;
  /** Who uses the line; undefined when nobody does. */
  readonly consumer: string | undefined;
}

export function decodeLineInfo(bytes: Buffer): LineInfo {
  const used = (bytes.readUInt32LE(72) & lineFlags.used) !== 0;
  // What the kernel itself uses may have no name.
  return { name: text(bytes, 0), consumer: used ? text(bytes, nameBytes) || 'the kernel' : undefined };
}

export interface LineRequest {
  readonly offset: number;
  /** Told to others who ask for the line. */
  readonly consumer: string;
  /** Of `lineFlags`. */
  readonly flags: number;
  /** Kernel's debounce, microseconds; 0 is none. */
  readonly debounceUs: number;
  /** Events kept by the kernel until they are read; the oldest go first. */
  readonly eventBuffer: number;
}

/** struct gpio_v2_line_request for one line. */
export function encodeLineRequest(request: LineRequest): Buffer {
  const bytes = Buffer.alloc(592);
  bytes.writeUInt32LE(request.offset, 0);
  bytes.write(request.consumer, 256, nameBytes - 1, 'utf8');
  bytes.writeUInt32LE(request.flags, 288);
  if (request.debounceUs > 0) {
    bytes.writeUInt32LE(1, 296); // Number of attributes
    bytes.writeUInt32LE(debounceAttribute, 320);
    bytes.writeUInt32LE(request.debounceUs, 328);
    bytes.writeUInt32LE(1, 336); // It is for the first line.
  }
  bytes.writeUInt32LE(1, 560); // Number of lines
  bytes.writeUInt32LE(request.eventBuffer, 564);
  return bytes;
}

/** The file of the requested line, which the kernel has written into the request. */
export function lineFile(request: Buffer): number {
  return request.readInt32LE(588);
}

/** struct gpio_v2_line_values for the first line of a request. */
export function lineValues(level: 0 | 1): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(level, 0);
  bytes.writeUInt32LE(1, 8);
  return bytes;
}

export function decodeLevel(values: Buffer): 0 | 1 {
  return (values.readUInt32LE(0) & 1) === 1 ? 1 : 0;
}

export interface LineEvent {
  /** Logical: the kernel inverts it for an active-low line. */
  readonly level: 0 | 1;
  /** By the kernel's monotonic clock, ms. */
  readonly kernelMs: number;
}

export function decodeEvents(bytes: Buffer): LineEvent[] {
  const events: LineEvent[] = [];
  for (let at = 0; at + eventBytes <= bytes.length; at += eventBytes) {
    events.push({
      level: bytes.readUInt32LE(at + 8) === risingEvent ? 1 : 0,
      kernelMs: Number(bytes.readBigUInt64LE(at)) / 1e6,
    });
  }
  return events;
}

function text(bytes: Buffer, at: number): string {
  const field = bytes.subarray(at, at + nameBytes);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? nameBytes : end);
}
