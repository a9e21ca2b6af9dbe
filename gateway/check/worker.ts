/** The program of a checking thread: proves packs, one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../core/errors.js';
import { Scratch } from '../repository/blob-opener.js';
import { keyMaterialFrom, Sealer } from '../repository/crypto.js';
import type { CheckSettings, PackJob, PackReply } from './protocol.js';
import { proveFile, proveSlot } from './prove-pack.js';

if (parentPort !== null) await serve(parentPort, workerData as CheckSettings);

interface Port {
  postMessage(reply: PackReply): void;
  on(event: 'message', handle: (job: PackJob) => void): unknown;
}

async function serve(port: Port, settings: CheckSettings): Promise<void> {
  const sealer = new Sealer(keyMaterialFrom(settings.key));
  const scratch = await Scratch.open();
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
