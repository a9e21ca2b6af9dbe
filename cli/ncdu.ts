/**
 * A snapshot's listing as ncdu reads it (`ncdu -f FILE`): folders are nested lists that begin with
 * themselves. Entries must come folder first, then all that is in it. Streams; keeps only the path.
 */
import type { ListedNode } from '../gateway/commands/listed-node.js';
import type { StoredSnapshot } from '../gateway/tree/snapshot.js';

export class NcduWriter {
  readonly #write: (line: string) => void;
  readonly #open: string[] = [];

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  begin(snapshot: StoredSnapshot): void {
    const timestamp = Number(snapshot.timeNs / 1_000_000_000n);
    const info = { progname: 'gatehouse', progver: snapshot.id, timestamp };
    this.#write(`[1, 2, ${JSON.stringify(info)}, [{"name":"/"}`);
  }

  node(node: ListedNode): void {
    this.#closeUntil(node.path);
    const isFolder = node.type === 'dir';
    this.#write(`, ${isFolder ? '[' : ''}${JSON.stringify(entryOf(node))}`);
    if (isFolder) this.#open.push(`${node.path}/`);
  }

  end(): void {
    this.#closeUntil(undefined);
    this.#write(']]');
  }

  #closeUntil(path: string | undefined): void {
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) {
      if (path?.startsWith(top)) return;
      this.#open.pop();
      this.#write(']');
    }
  }
}

function entryOf(node: ListedNode) {
  const size = node.size ?? 0;
  return {
    name: node.name,
    asize: size,
    dsize: Math.ceil(size / 512) * 512,
    uid: node.uid,
    gid: node.gid,
    mode: node.mode % 0o1000,
    mtime: Math.max(0, Math.floor(Date.parse(node.mtime) / 1000)),
    ...(node.type === 'file' || node.type === 'dir' ? {} : { notreg: true }),
  };
}
