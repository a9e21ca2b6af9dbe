/**
 * A restoring thread: takes part of a pack, opens its chunks and writes them into every file that
 * needs them; or compares files with their chunks. One job at a time, all calls sync. It fetches
 * nothing from a network and decides nothing: the plan does.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { loadPosix } from '../files/posix.js';
import { attributeFilter } from './attribute-filter.js';
import { ChunkOpener } from './chunk-opener.js';
import { compareFiles } from './compare-files.js';
import { ContentWriter } from './content-writer.js';
import type { Answer, BeginMessage, Job, WorkerSettings } from './messages.js';
import { TargetFiles } from './target-files.js';

const settings = workerData as WorkerSettings;
const port = parentPort;
if (port === null) throw new Error('restore-worker.js is a worker thread');

const opener = await ChunkOpener.open(settings.key);
const posix = await loadPosix();
const staleAttribute = attributeFilter(settings.attributes);
let writer: ContentWriter | undefined;

port.on('message', (message: BeginMessage | Job | { readonly type: 'end' }) => {
  if (message.type === 'begin') {
    const { sparse } = settings;
    const files = new TargetFiles({ shared: message.shared, posix, sparse, staleAttribute });
    writer = new ContentWriter(opener, files);
  } else if (message.type === 'end') {
    writer?.close();
    port.close();
  } else port.postMessage(perform(message));
});

function perform(job: Job): Answer {
  if (job.type === 'compare') return compareFiles(job);
  if (writer === undefined) throw new Error('content came before the beginning');
  return writer.perform(job);
}
