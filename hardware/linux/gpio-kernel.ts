/**
 * The few calls into the kernel that the GPIO character device needs, through the optional package
 * `koffi`, which brings its binaries with it. A line's file is watched by the event loop of Node itself
 * (libuv's uv_poll): no thread waits for it and none is woken, so an edge costs what a socket's byte costs.
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { GatehouseError, systemCode } from '../../core/errors.js';
import { packageMissing } from '../errors.js';
import { type KoffiPackage, loadKoffi } from './packages.js';

export interface GpioKernel {
  /** @throws a system error. */
  open(path: string): number;
  /** `argument` is read and written by the kernel. @throws a system error. */
  control(fd: number, request: number, argument: Buffer): void;
  /** Bytes read; 0 when there are none now. @throws a system error. */
  read(fd: number, into: Buffer): number;
  close(fd: number): void;
  /** The kernel's monotonic clock, ms, which stamps edges. */
  monotonicMs(): number;
  /** Calls `onReadable` while there is something to read; `read` must take it. Returns the undo, which ends with `close` of the file. */
  watch(fd: number, onReadable: () => void): () => void;
}

interface Calls {
  ioctl(fd: number, request: number, argument: Buffer): number;
  clockGettime(clock: number, into: Buffer): number;
  handleSize(kind: number): number | bigint;
  defaultLoop(): unknown;
  pollInit(loop: unknown, handle: Buffer, fd: number): number;
  pollStart(handle: Buffer, events: number, callback: unknown): number;
  closeHandle(handle: Buffer, callback: unknown): void;
}

const pollKind = 8; // UV_POLL of enum uv_handle_type
const readable = 1; // UV_READABLE
const monotonicClock = 1; // CLOCK_MONOTONIC

/** @throws HARDWARE_PACKAGE_MISSING. */
export async function openGpioKernel(load: () => Promise<KoffiPackage> = loadKoffi): Promise<GpioKernel> {
  const koffi = await load();
  try {
    return bind(koffi);
  } catch (error) {
    if (error instanceof GatehouseError) throw error;
    throw packageMissing('koffi', 'Run `npm install --include=optional`.', error);
  }
}

function bind(koffi: KoffiPackage): GpioKernel {
  const calls = bindCalls(koffi);
  const loop = new LoopWatcher(koffi, calls);
  const time = Buffer.alloc(16);
  return {
    open: (path) => openSync(path, constants.O_RDWR),
    control(fd, request, argument) {
      if (calls.ioctl(fd, request, argument) < 0) throw systemError('ioctl', koffi.errno());
    },
    read(fd, into) {
      try {
        return readSync(fd, into, 0, into.length, null);
      } catch (error) {
        if (systemCode(error) === 'EAGAIN') return 0;
        throw error;
      }
    },
    close: (fd) => closeSync(fd),
    monotonicMs() {
      calls.clockGettime(monotonicClock, time);
      // struct timespec: two longs, which are 4 bytes each on 32-bit machines.
      const seconds = koffi.sizeof('long') === 8 ? Number(time.readBigInt64LE(0)) : time.readInt32LE(0);
      const nanoseconds = koffi.sizeof('long') === 8 ? Number(time.readBigInt64LE(8)) : time.readInt32LE(4);
      return seconds * 1e3 + nanoseconds / 1e6;
    },
    watch: (fd, onReadable) => loop.watch(fd, onReadable),
  };
}

function bindCalls(koffi: KoffiPackage): Calls {
  const program = koffi.load(null);
  return {
    ioctl: program.func('ioctl', 'int', ['int', 'ulong', 'uint8_t*']),
    clockGettime: program.func('clock_gettime', 'int', ['int', 'uint8_t*']),
    handleSize: program.func('uv_handle_size', 'size_t', ['int']),
    defaultLoop: program.func('uv_default_loop', 'void*', []),
    pollInit: program.func('uv_poll_init', 'int', ['void*', 'uint8_t*', 'int']),
    pollStart: program.func('uv_poll_start', 'int', ['uint8_t*', 'int', 'void*']),
    closeHandle: program.func('uv_close', 'void', ['uint8_t*', 'void*']),
  };
}

/** libuv's handles live in memory of ours until libuv has said that it is done with them. */
class LoopWatcher {
  readonly #koffi: KoffiPackage;
  readonly #calls: Calls;
  readonly #handles = new Set<Buffer>();

  constructor(koffi: KoffiPackage, calls: Calls) {
    this.#koffi = koffi;
    this.#calls = calls;
  }

  watch(fd: number, onReadable: () => void): () => void {
    // The default loop is the main thread's; a handle of it must not be touched elsewhere.
    if (!isMainThread) throw new Error('lines can be watched in the main thread only');
    const koffi = this.#koffi;
    const calls = this.#calls;
    const handle = Buffer.allocUnsafeSlow(Number(calls.handleSize(pollKind)));
    check('uv_poll_init', calls.pollInit(calls.defaultLoop(), handle, fd));
    this.#handles.add(handle);
    const types = callbackTypes(koffi);
    const onPoll = koffi.register(() => onReadable(), types.poll);
    const unwatch = () => {
      if (!this.#handles.has(handle)) return;
      const onClosed = koffi.register(() => {
        this.#handles.delete(handle);
        // Not from inside the callback that is taken away.
        setImmediate(() => {
          koffi.unregister(onPoll);
          koffi.unregister(onClosed);
        });
      }, types.closed);
      calls.closeHandle(handle, onClosed);
    };
    try {
      check('uv_poll_start', calls.pollStart(handle, readable, onPoll));
    } catch (error) {
      unwatch();
      throw error;
    }
    return unwatch;
  }
}

let types: { readonly poll: unknown; readonly closed: unknown } | undefined;

/** koffi knows a type by its name, once per process. */
function callbackTypes(koffi: KoffiPackage) {
  types ??= {
    poll: koffi.pointer(koffi.proto('gatehouse_poll', 'void', ['void*', 'int', 'int'])),
    closed: koffi.pointer(koffi.proto('gatehouse_closed', 'void', ['void*'])),
  };
  return types;
}

function check(call: string, result: number): void {
  if (result < 0) throw systemError(call, -result);
}

function systemError(call: string, errno: number): Error {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`${call}: ${code}`), { code, errno: -errno, syscall: call });
}
