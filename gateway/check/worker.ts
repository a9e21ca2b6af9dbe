/** The program of a checking thread: proves packs that lie in shared memory, one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../core/errors.js';
import { Scratch } from '../repository/blob-opener.js';
import { keyMaterialFrom, Sealer } from '../repository/crypto.js';
import type { CheckSettings, PackJob, PackReply } from './protocol.js';
import { provePack } from './prove-pack.js';

if (parentPort !== null) await serve(parentPort, workerData as CheckSettings);

interface Port {
  postMessage(reply: PackReply): void;
  on(event: 'message', handle: (job: PackJob) => void): unknown;
}

async function serve(port: Port, settings: CheckSettings): Promise<void> {
  const sealer = new Sealer(keyMaterialFrom(settings.key));
  const scratch = await Scratch.open();
  port.on('message', (job) => {
    provePack(job, sealer, scratch).then(
      (problems) => port.postMessage({ problems }),
      (error: unknown) => port.postMessage({ failure: messageOf(error) }),
    );
  });
}
