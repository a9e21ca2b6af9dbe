/**
 * The folder that a bucket lives in, known again by its inode. A disk that is not mounted must not look
 * like an empty repository, nor be written beside; one that goes in mid-work leaves the empty folder on
 * which it was mounted.
 */
import { stat } from 'node:fs/promises';
import { systemCode } from '../../core/errors.js';
import { makeFolderDurably, removeEmptyFolders } from './durable-write.js';
import { bucketExchanged, bucketUnknown } from './errors.js';

export class DirectoryRoot {
  readonly path: string;
  /** Which folder it was at first. */
  #inode: number | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws BUCKET_UNKNOWN, BUCKET_EXCHANGED, system errors. */
  async require(): Promise<void> {
    const root = await stat(this.path).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (!root?.isDirectory()) throw bucketUnknown({ location: this.path });
    // The device number says less: a network's file system has another one when it is mounted again.
    this.#inode ??= root.ino;
    if (root.ino !== this.#inode) throw bucketExchanged(this.path);
  }

  /**
   * Makes a folder below the root, and its missing parents. The disk may go between the look at the root
   * and the making: what was made on the bare mount point goes again.
   * @throws as `require`.
   */
  async makeFolder(folder: string): Promise<void> {
    await this.require();
    const outermost = await makeFolderDurably(folder);
    try {
      await this.require();
    } catch (error) {
      if (outermost !== undefined) await removeEmptyFolders(folder, outermost);
      throw error;
    }
  }
}
