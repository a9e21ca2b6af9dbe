/**
 * The program of a worker thread: reads, cuts and hashes files; compresses, seals and packs what the
 * main thread finds to be new. One job after the other; it decides nothing and talks to no bucket.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, systemCode } from '../../core/errors.js';
import type { FinishedPack } from '../repository/pack-writer.js';
import { BlobPacker } from './blob-packer.js';
import { ContentTags } from './content-tags.js';
import { FilePieces } from './file-pieces.js';
import type { Job, JobReply, PackReply, Reply, StoreJob, WorkerSettings } from './protocol.js';

const idDigits = 64;

if (parentPort !== null) await serve(parentPort, workerData as WorkerSettings);

interface Port {
  postMessage(reply: Reply): void;
  on(event: 'message', handle: (job: Job) => void): unknown;
}

async function serve(port: Port, settings: WorkerSettings): Promise<void> {
  const packer = await BlobPacker.open(settings, (pack) => port.postMessage(encodePack(pack)));
  const pieces = new FilePieces(settings.polynomial, tagsOf(settings));
  let turn: Promise<void> = Promise.resolve();
  port.on('message', (job) => {
    turn = turn.then(async () => {
      port.postMessage(await answer(job, packer, pieces));
    });
  });
}

function tagsOf({ tags }: WorkerSettings): ContentTags | undefined {
  return tags && new ContentTags(tags.key, tags.filePath);
}

async function answer(job: Job, packer: BlobPacker, pieces: FilePieces): Promise<JobReply> {
  try {
    switch (job.type) {
      case 'read':
        return { ...pieces.readWhole(Buffer.from(job.slot), job.paths.split('\0')), job: job.job };
      case 'piece':
        return { ...pieces.readPiece(Buffer.from(job.slot), job), job: job.job };
      case 'hash':
        return { ...pieces.hash(Buffer.from(job.slot), job), job: job.job };
      case 'store':
        return { type: 'store', job: job.job, storedBytes: await store(job, packer) };
      case 'finish':
        return { type: 'finish', job: job.job, packs: packer.finish().map(encodePack) };
    }
  } catch (error) {
    return { type: 'failure', job: job.job, code: systemCode(error), message: messageOf(error) };
  }
}

async function store(job: StoreJob, packer: BlobPacker): Promise<number> {
  const slot = Buffer.from(job.slot);
  const { ids, offsets, lengths } = job.chunks;
  let storedBytes = 0;
  for (const [at, offset] of offsets.entries()) {
    const id = ids.slice(at * idDigits, (at + 1) * idDigits);
    storedBytes += await packer.store(id, slot.subarray(offset, offset + (lengths[at] as number)));
  }
  return storedBytes;
}

function encodePack({ packId, filePath, blobs }: FinishedPack): PackReply {
  return {
    type: 'pack',
    packId,
    filePath,
    ids: Array.from(blobs, ({ id }) => id).join(''),
    lengths: Uint32Array.from(blobs, ({ length }) => length),
    uncompressedLengths: Uint32Array.from(blobs, ({ uncompressedLength }) => uncompressedLength),
  };
}
