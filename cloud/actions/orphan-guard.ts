/**
 * Runs beside a handler in its process and ends it when the cloud is gone. The closed channel does
 * that for a handler that yields; this thread does it for one that loops for ever.
 */
import { workerData } from 'node:worker_threads';

const checkEveryMs = 1_000;
const parentPid: unknown = workerData;
const never = new Int32Array(new SharedArrayBuffer(4));

while (process.ppid === parentPid) Atomics.wait(never, 0, 0, checkEveryMs);
process.kill(process.pid, 'SIGKILL');
