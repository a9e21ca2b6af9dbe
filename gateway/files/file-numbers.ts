/**
 * The numbers of files that are open, in the layout of `packed-stat.ts`: by the kernel's `statx` where it can be
 * called, which makes no object, else by Node's `fstat`.
 */
import { fstatSync } from 'node:fs';
import { type FolderReader, openFolderReader } from './folder-reader.js';
import { StatList, statAt, statFields, statWords } from './packed-stat.js';

const scratch = new StatList(new BigInt64Array(statFields));

export class FileNumbers {
  readonly #list: StatList;
  readonly #reader: FolderReader | undefined = openFolderReader();

  /** @param words `statFields` for each file. */
  constructor(words: BigInt64Array) {
    this.#list = new StatList(words);
  }

  get words(): BigInt64Array {
    return this.#list.words;
  }

  /** Takes the numbers of an open file. @throws Error when it is no regular file, system errors. */
  take(at: number, file: number): void {
    this.#read(this.#list, at * statFields, file);
    if (!this.#list.stat(at * statFields).isFile()) throw new Error('no regular file any more');
  }

  copy(at: number, from: BigInt64Array): void {
    this.words.set(from, at * statFields);
  }

  sizeOf(at: number): number {
    return Number(this.words[at * statFields + statAt.size]);
  }

  /** Has it another size or modification time than when its numbers were taken? */
  hasChanged(at: number, file: number): boolean {
    this.#read(scratch, 0, file);
    const start = at * statFields;
    const differs = (word: number) => scratch.words[word] !== this.words[start + word];
    return differs(statAt.size) || differs(statAt.mtime);
  }

  #read(list: StatList, start: number, file: number): void {
    if (this.#reader?.fileStat(file, list, start) === true) return;
    list.words.set(statWords(fstatSync(file, { bigint: true })), start);
  }
}
