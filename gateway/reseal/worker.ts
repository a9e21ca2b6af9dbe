/** The program of a resealing thread: one stretch after the other, given back in the same memory. */
import { parentPort, workerData } from 'node:worker_threads';
import { GatehouseError, messageOf } from '../../core/errors.js';
import type { ResealJob, ResealReply, ResealSettings } from './protocol.js';
import { Resealer } from './resealer.js';

if (parentPort !== null) await serve(parentPort, workerData as ResealSettings);

interface Port {
  postMessage(reply: ResealReply, transfer: ArrayBuffer[]): void;
  on(event: 'message', handle: (job: ResealJob) => void): unknown;
}

async function serve(port: Port, settings: ResealSettings): Promise<void> {
  const resealer = await Resealer.open(settings);
  port.on('message', (job) => {
    const reply = answer(resealer, job);
    port.postMessage(reply, 'bytes' in reply ? [reply.bytes.buffer] : []);
  });
}

function answer(resealer: Resealer, job: ResealJob): ResealReply {
  try {
    return resealer.reseal(job);
  } catch (error) {
    const isKnown = error instanceof GatehouseError;
    const code = isKnown ? error.code : 'INTERNAL';
    return { code, failure: messageOf(error), hint: isKnown ? error.hint : undefined };
  }
}
