/**
 * The rolling fingerprint as a WebAssembly program, which has whole 64-bit words. It rolls four
 * stretches of one block at a time: a fingerprint depends on 64 bytes only, so that each stretch
 * starts by itself, and none waits for another's table look-ups.
 */
const windowSizeBytes = 64;
const lanes = 4;
const laneBytes = 4096;

/** Where what lies in the program's memory, bytes. */
export const scanLayout = {
  /** 256 words of 64 bits: shares of the leaving byte. */
  leave: 0,
  /** As many: what folds the bits that shift out back in. */
  mod: 2048,
  /** 64 bytes that come before the block, then the block. */
  window: 4096,
  blockBytes: lanes * laneBytes,
} as const;

const block = scanLayout.window + windowSizeBytes;

const i32 = 0x7f;
const i64 = 0x7e;
const op = {
  loop: [0x03, 0x40],
  if: [0x04, 0x40],
  end: [0x0b],
  branchIf: [0x0d],
  get: [0x20],
  set: [0x21],
  tee: [0x22],
  load64: [0x29, 3],
  loadByte32: [0x2d, 0],
  loadByte64: [0x31, 0],
  const32: [0x41],
  const64: [0x42],
  less32: [0x49],
  notEqual32: [0x47],
  isZero64: [0x50],
  add32: [0x6a],
  and32: [0x71],
  shiftLeft32: [0x74],
  and64: [0x83],
  xor64: [0x85],
  shiftLeft64: [0x86],
  shiftRight64: [0x88],
  wrap: [0xa7],
} as const;

// Locals: one parameter, then what the function declares.
const mask = 0;
const at = 1;
const found = 2;
const firstLane = 3;

/**
 * A module that exports `memory` and `scan(mask: i64): i32`: how many bytes of the block end with
 * the first fingerprint whose bits of `mask` are all zero; the block's size plus one when none does.
 */
export function scanProgram(): Uint8Array<ArrayBuffer> {
  const nameBytes = (name: string) => [name.length, ...Buffer.from(name)];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, i64, 1, i32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...nameBytes('memory'), 2, 0, ...nameBytes('scan'), 0, 0]),
    ...section(10, [1, ...sized([2, 2, i32, lanes, i64, ...scanBody()])]),
  ]);
}

function scanBody(): number[] {
  const eachLane = (code: (lane: number) => number[]) =>
    Array.from({ length: lanes }, (_, lane) => code(lane)).flat();
  return [
    ...[...op.const32, ...signed(scanLayout.blockBytes + 1), ...op.set, found],
    ...loop(windowSizeBytes, eachLane(warmLane)),
    ...loop(laneBytes, eachLane(rollLane)),
    ...[...op.get, found, ...op.end],
  ];
}

/** `at` goes from 0 to `count`. */
function loop(count: number, body: number[]): number[] {
  return [
    ...[...op.const32, 0, ...op.set, at, ...op.loop],
    ...body,
    ...[...op.get, at, ...op.const32, 1, ...op.add32, ...op.tee, at],
    ...[...op.const32, ...signed(count), ...op.notEqual32, ...op.branchIf, 0, ...op.end],
  ];
}

/** lane = (lane << 8) ^ the byte before the stretch ^ mod[lane >> 45]. */
function warmLane(number: number): number[] {
  const start = block + number * laneBytes;
  return [...shiftedIn(number, start - windowSizeBytes), ...op.set, firstLane + number];
}

/** As `warmLane` with a byte of the stretch, ^ leave[the byte 64 before]; a hit is noted. */
function rollLane(number: number): number[] {
  const start = block + number * laneBytes;
  const leaving = [...op.get, at, ...op.loadByte32, ...unsigned(start - windowSizeBytes)];
  const passed = [...op.get, at, ...op.const32, ...signed(number * laneBytes + 1), ...op.add32];
  return [
    ...[...leaving, ...op.const32, 3, ...op.shiftLeft32, ...op.load64, ...unsigned(scanLayout.leave)],
    ...[...shiftedIn(number, start), ...op.xor64, ...op.tee, firstLane + number],
    ...[...op.get, mask, ...op.and64, ...op.isZero64, ...op.if],
    ...[...passed, ...op.get, found, ...op.less32, ...op.if, ...passed, ...op.set, found, ...op.end],
    ...op.end,
  ];
}

function shiftedIn(number: number, byteAt: number): number[] {
  const lane = [...op.get, firstLane + number];
  // Bits 45 to 52 make the number of a word; times eight, its place.
  const top = [...lane, ...op.const64, 42, ...op.shiftRight64, ...op.wrap];
  return [
    ...[...op.get, at, ...op.loadByte64, ...unsigned(byteAt)],
    ...[...lane, ...op.const64, 8, ...op.shiftLeft64, ...op.xor64],
    ...[...top, ...op.const32, ...signed(0x7f8), ...op.and32, ...op.load64, ...unsigned(scanLayout.mod)],
    ...op.xor64,
  ];
}

function section(id: number, content: number[]): number[] {
  return [id, ...sized(content)];
}

function sized(content: number[]): number[] {
  return [...unsigned(content.length), ...content];
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** Signed LEB128 of a value that is not negative. */
function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)];
}
