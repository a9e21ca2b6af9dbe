/**
 * The program of a worker thread: reads, cuts and hashes files; compresses, seals and packs what the
 * main thread finds to be new. One job after the other; it decides nothing and talks to no bucket.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, systemCode } from '../../core/errors.js';
import { loadPosix } from '../files/posix.js';
import type { FinishedPack } from '../repository/pack-writer.js';
import { BlobPacker } from './blob-packer.js';
import { ContentTags } from './content-tags.js';
import { FilePieces } from './file-pieces.js';
import { NodeWriter } from './node-writer.js';
import type { Job, JobReply, Message, PackReply, Reply, WorkerSettings } from './protocol.js';
import { chunkMark, Slot } from './slot.js';
import { SlotWriter } from './slot-writer.js';

interface Port {
  postMessage(reply: Reply): void;
  on(event: 'message', handle: (message: Message) => void): unknown;
}

class JobServer {
  readonly #packer: BlobPacker;
  readonly #pieces: FilePieces;
  readonly #nodes: NodeWriter;
  readonly #slots = new Map<number, SlotWriter>();

  private constructor(packer: BlobPacker, pieces: FilePieces, nodes: NodeWriter) {
    this.#packer = packer;
    this.#pieces = pieces;
    this.#nodes = nodes;
  }

  static async start(port: Port, settings: WorkerSettings): Promise<void> {
    const { polynomial, tags, describing } = settings;
    const server = new JobServer(
      await BlobPacker.open(settings, (pack) => port.postMessage(encodePack(pack))),
      new FilePieces(polynomial, tags && new ContentTags(tags.key, tags.filePath)),
      new NodeWriter(describing, await loadPosix()),
    );
    let turn: Promise<void> = Promise.resolve();
    port.on('message', (message) => {
      if (message.type === 'slot') {
        server.#slots.set(message.slot, new SlotWriter(new Slot(message.memory, settings.slots)));
        return;
      }
      turn = turn.then(async () => {
        port.postMessage(await server.#answer(message));
      });
    });
  }

  async #answer(job: Job): Promise<JobReply> {
    try {
      switch (job.type) {
        case 'read': {
          const nodes = job.describes ? this.#nodes : undefined;
          const reply = this.#pieces.readWhole(this.#slot(job.slot), job.paths.split('\0'), nodes);
          return { ...reply, job: job.job };
        }
        case 'piece':
          return { ...this.#pieces.readPiece(this.#slot(job.slot), job), job: job.job };
        case 'hash':
          return { ...this.#pieces.hash(this.#slot(job.slot), job.path, job.chunks), job: job.job };
        case 'store':
          return { type: 'store', job: job.job, storedBytes: await this.#store(job.slot, job.chunks) };
        case 'finish':
          return { type: 'finish', job: job.job, packs: this.#packer.finish().map(encodePack) };
      }
    } catch (error) {
      return { type: 'failure', job: job.job, code: systemCode(error), message: messageOf(error) };
    }
  }

  #slot(number: number): SlotWriter {
    const writer = this.#slots.get(number);
    if (writer === undefined) throw new Error(`the slot ${number} was never told of`);
    return writer;
  }

  async #store(number: number, chunks: number): Promise<number> {
    const { slot } = this.#slot(number);
    let storedBytes = 0;
    for (let chunk = 0; chunk < chunks; chunk++) {
      if (!slot.has(chunk, chunkMark.wanted)) continue;
      storedBytes += await this.#packer.store(slot.idOf(chunk), slot.contentOf(chunk));
    }
    return storedBytes;
  }
}

if (parentPort !== null) await JobServer.start(parentPort, workerData as WorkerSettings);

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
