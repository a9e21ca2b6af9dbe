/** The nodes of small files, made where they were read and open: as they stand in a tree. */
import { accountsOf } from '../files/accounts.js';
import { type Describer, describeEntry } from '../files/describe.js';
import { digestOfEntries, isRacy } from '../files/entry-digest.js';
import { StatList, statFields } from '../files/packed-stat.js';
import type { Posix } from '../files/posix.js';
import { fillRecord, sizeOfRecord } from '../state/read-journal.js';
import { textOfNode } from '../tree/tree.js';
import type { DescribingSettings } from './protocol.js';
import type { SlotWriter } from './slot-writer.js';

const slash = 0x2f;

export class NodeWriter {
  readonly #settings: DescribingSettings;
  readonly #describer: Describer;
  #hadTrouble = false;

  constructor(settings: DescribingSettings, posix: Posix) {
    this.#settings = settings;
    this.#describer = {
      accounts: accountsOf(settings.accounts),
      posix,
      withAtime: settings.withAtime,
      onError: () => {
        this.#hadTrouble = true;
      },
    };
  }

  /**
   * Adds the node of a file that was read, and its record for the journal. Of one with trouble there is no node:
   * the main thread meets the trouble again, and tells of it.
   * @param at of the file in its job. @param file its descriptor.
   */
  write(list: SlotWriter, at: number, path: Buffer, file: number): void {
    const stat = new StatList(list.slot.stats).stat(at * statFields);
    const name = path.subarray(path.lastIndexOf(slash) + 1);
    this.#hadTrouble = false;
    const described = describeEntry({ path, name, stat }, this.#describer, file);
    if (this.#hadTrouble) return;
    const { content } = list;
    list.addText(textOfNode({ ...described, sizeBytes: list.slot.sizes[at] as number, content }));
    const { journalStartNs } = this.#settings;
    if (journalStartNs === undefined || isRacy(stat.mtimeNs, stat.ctimeNs, journalStartNs)) return;
    const record = list.fileRecord(sizeOfRecord(content.length));
    if (record !== undefined)
      fillRecord(record, path, digestOfEntries([{ name: path, stat }], false), content);
  }
}
