/** A digest of what the files of a folder hold, in the order of their names. */
import { hash } from 'node:crypto';

const idBytes = 32;

export class FolderContents {
  readonly #ids: Buffer;
  #missing: number;

  constructor(files: number) {
    this.#ids = Buffer.alloc(files * idBytes);
    this.#missing = files;
  }

  /** @param file its number, from 0. @param content ids of its chunks. */
  set(file: number, content: readonly string[]): void {
    const [first = ''] = content;
    const id = content.length === 1 ? first : hash('sha256', content.join(''), 'hex');
    this.#ids.write(id, file * idBytes, 'hex');
    this.#missing -= 1;
  }

  /** Undefined while the content of a file is not known. */
  digest(): Buffer | undefined {
    return this.#missing === 0 ? hash('sha256', this.#ids, 'buffer') : undefined;
  }
}
