/**
 * Keeps what the kernel holds of a paced connection small, so that no burst hides in its buffers:
 * the receive window, which is what the other side may send before we have read, and the send
 * buffer, which runs out at full speed when a stalled line comes back. Linux, through the optional
 * package `koffi`; without it connections work and are paced, with the kernel's own buffers.
 */
import { readFile } from 'node:fs/promises';
import { Socket, type SocketConstructorOpts } from 'node:net';

export interface SocketTuning {
  readonly smallestWindowBytes: number;
  /** A larger window is not to be had by asking; the kernel's own sizing may still reach it. */
  readonly largestWindowBytes: number;
  /** A socket not yet connected: the first window that a peer sees can only be set before. */
  open(family: 4 | 6, windowBytes: number, options: SocketConstructorOpts): Socket;
  /** Ends the kernel's own sizing for this connection. */
  setWindow(socket: Socket, windowBytes: number): void;
  setSendBuffer(socket: Socket, bytes: number): void;
  /** As the kernel has measured it, so that a busy process does not count. */
  roundTripMs(socket: Socket): number | undefined;
  /** More than what `roundTripMs` tells; undefined for a closed socket or an old kernel. */
  measure(socket: Socket): TcpMeasure | undefined;
  /** The kernel takes no more while so much waits to be sent for the first time. */
  setUnsentLimit(socket: Socket, bytes: number): void;
}

export interface TcpMeasure {
  /** Smoothed. */
  readonly roundTripMs: number;
  /** Of the last five minutes, as Linux keeps it. */
  readonly bestRoundTripMs: number;
  readonly ackedBytes: number;
  /** Segments that had to be sent again. */
  readonly resent: number;
}

const segmentBytes = 1448;
/** For windows that would be few of those, and move in steps of one. */
const smallSegmentBytes = 724;
const smallWindowBytes = 32 * 1024;
/** Two segments keep a connection moving; the kernel hands out the window in about halves. */
const smallestWindowBytes = 1_600;
const usualLargestWindowBytes = 212_992;

// Of <sys/socket.h> and <netinet/tcp.h>, the same on the processors named below.
const streamSocket = 0x1 | 0x800 | 0x80000; // SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC
const families = { 4: 2, 6: 10 } as const;
const processors = ['x64', 'arm64', 'arm', 'ia32', 'riscv64'];
const [solSocket, sendBuffer, receiveBuffer] = [1, 7, 8];
const [tcp, maxSegment, tcpInfo, unsentLimit] = [6, 2, 11, 25];
/** Where struct tcp_info has the smoothed round trip and the best, microseconds, and what else is asked. */
const [roundTripAt, resentAt, ackedBytesAt, bestRoundTripAt, measureBytes] = [68, 100, 120, 148, 152];

let loaded: Promise<SocketTuning | undefined> | undefined;

/** Undefined where it cannot be had. Loads once per process. */
export function loadSocketTuning(): Promise<SocketTuning | undefined> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<SocketTuning | undefined> {
  if (process.platform !== 'linux' || !processors.includes(process.arch)) return undefined;
  try {
    // Not a literal, so that the compiler does not look the package up.
    const packageName: string = 'koffi';
    const { default: koffi } = (await import(packageName)) as { default: Koffi };
    return nativeTuning(koffi, await largestWindow());
  } catch {
    return undefined;
  }
}

/** What is used of the package; stated here, so that this compiles where it is not installed. */
interface Koffi {
  load(library: null): { func<F>(name: string, result: string, parameters: readonly unknown[]): F };
  pointer(type: string): unknown;
  out(type: unknown): unknown;
  inout(type: unknown): unknown;
}

type GetOption = (fd: number, level: number, name: number, value: Buffer, size: number[]) => number;
type SetOption = (fd: number, level: number, name: number, value: number[], size: number) => number;

async function largestWindow(): Promise<number> {
  const text = await readFile('/proc/sys/net/core/rmem_max', 'utf8').catch(() => '');
  return Number.parseInt(text, 10) || usualLargestWindowBytes;
}

function nativeTuning(koffi: Koffi, largestWindowBytes: number): SocketTuning {
  const libc = koffi.load(null);
  const socketCall = libc.func<(family: number, type: number, protocol: number) => number>('socket', 'int', [
    'int',
    'int',
    'int',
  ]);
  const setOption = libc.func<SetOption>('setsockopt', 'int', [
    'int',
    'int',
    'int',
    koffi.pointer('int'),
    'uint32_t',
  ]);
  const getOption = libc.func<GetOption>('getsockopt', 'int', [
    'int',
    'int',
    'int',
    koffi.out(koffi.pointer('uint8_t')),
    koffi.inout(koffi.pointer('uint32_t')),
  ]);
  // A refused option leaves the kernel's own value: worse pace in bursts, nothing broken.
  const set = (fd: number, level: number, name: number, value: number) =>
    void setOption(fd, level, name, [Math.round(value)], 4);
  const setWindow = (fd: number, windowBytes: number) =>
    set(
      fd,
      solSocket,
      receiveBuffer,
      Math.max(smallestWindowBytes, Math.min(windowBytes, largestWindowBytes)),
    );
  return {
    smallestWindowBytes,
    largestWindowBytes,
    open(family, windowBytes, options) {
      const fd = socketCall(families[family], streamSocket, 0);
      if (fd < 0) return new Socket(options);
      // Where segments may be huge (loopback), so would be the steps in which a window opens.
      const isSmall = windowBytes < smallWindowBytes;
      set(fd, tcp, maxSegment, isSmall ? smallSegmentBytes : segmentBytes);
      setWindow(fd, windowBytes);
      // Not reading before it is connected: `connect` begins that.
      return new Socket({ ...options, fd, manualStart: true } as SocketConstructorOpts);
    },
    setWindow(socket, windowBytes) {
      const fd = descriptorOf(socket);
      if (fd >= 0) setWindow(fd, windowBytes);
    },
    setSendBuffer(socket, bytes) {
      const fd = descriptorOf(socket);
      if (fd >= 0) set(fd, solSocket, sendBuffer, bytes);
    },
    roundTripMs(socket) {
      const info = Buffer.alloc(roundTripAt + 4);
      const result = getOption(descriptorOf(socket), tcp, tcpInfo, info, [info.length]);
      return result === 0 ? info.readUInt32LE(roundTripAt) / 1000 : undefined;
    },
    measure(socket) {
      const info = Buffer.alloc(measureBytes);
      const size = [info.length];
      const result = getOption(descriptorOf(socket), tcp, tcpInfo, info, size);
      return result === 0 && size[0] === measureBytes ? measureFrom(info) : undefined;
    },
    setUnsentLimit(socket, bytes) {
      const fd = descriptorOf(socket);
      if (fd >= 0) set(fd, tcp, unsentLimit, bytes);
    },
  };
}

function measureFrom(info: Buffer): TcpMeasure {
  return {
    roundTripMs: info.readUInt32LE(roundTripAt) / 1000,
    bestRoundTripMs: info.readUInt32LE(bestRoundTripAt) / 1000,
    ackedBytes: Number(info.readBigUInt64LE(ackedBytesAt)),
    resent: info.readUInt32LE(resentAt),
  };
}

function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: { fd?: number } | null };
  return handle?.fd ?? -1;
}
