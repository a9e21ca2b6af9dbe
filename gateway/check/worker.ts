/** The program of a checking thread: proves packs, one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../core/clock.js';
import { messageOf } from '../../core/errors.js';
import { keepHeapSmall } from '../../core/heap.js';
import { Scratch } from '../repository/blob-opener.js';
import { keyMaterialFrom, Sealer } from '../repository/crypto.js';
import type { CheckSettings, PackJob, PackReply } from './protocol.js';
import { proveFile, proveSlot } from './prove-pack.js';

/** Garbage of a few packs; what is alive takes 7 MB. */
const heapGrowthBytes = 4_000_000;

if (parentPort !== null) await serve(parentPort, workerData as CheckSettings);

interface Port {
  postMessage(reply: PackReply): void;
  on(event: 'message', handle: (job: PackJob) => void): unknown;
}

async function serve(port: Port, settings: CheckSettings): Promise<void> {
  const sealer = new Sealer(keyMaterialFrom(settings.key));
  const scratch = await Scratch.open();
  keepHeapSmall(systemClock, heapGrowthBytes);
  const prove = (job: PackJob) =>
    'slot' in job ? proveSlot(job, sealer, scratch) : proveFile(job, sealer, scratch);
  // One after the other: they share the scratch, and answers belong to jobs by their order.
  let turn: Promise<void> = Promise.resolve();
  port.on('message', (job) => {
    turn = turn.then(async () => {
      port.postMessage(
        await prove(job).then(
          (problems) => ({ problems }),
          (error: unknown) => ({ failure: messageOf(error) }),
        ),
      );
    });
  });
}
