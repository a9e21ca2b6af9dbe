/**
 * Reads an index file's JSON byte by byte in the very form in which restic, rustic and we write it,
 * several times as fast as a general parser and without an object per blob. Anything else, however
 * valid, it leaves to that parser.
 */
import { recordWords } from './blob-records.js';
import { ByteScanner, hexDigits, nibbles, takeHexId, words } from './byte-scanner.js';

/** Packs with their blobs, in the order of the file. */
export interface ScannedIndex {
  readonly packIds: readonly string[];
  /** How many records lie before the end of each pack. */
  readonly ends: readonly number[];
  /** Twelve words per blob: eight of the id, 1 for a tree, offset, length, plain length or 0. */
  readonly records: Uint32Array;
  /** Whether a blob states a plain length. */
  readonly hasCompressed: boolean;
}

/** The shortest entry of a blob; bounds the number of records by the size of the text. */
const minBlobBytes = '{"id":"","type":"data","offset":0,"length":0}'.length + hexDigits;

/** Undefined when the text has another form. */
export function scanIndex(json: Uint8Array): ScannedIndex | undefined {
  const scanner = new Scanner(Buffer.from(json.buffer, json.byteOffset, json.length));
  return scanner.scan() ? scanner : undefined;
}

const opening = words('{"packs":[');
const legacyOpening = words('{"supersedes":[');
const legacyClosing = '],"packs":[';
const packOpening = words('{"id":"');
const blobsOpening = words('","blobs":[');
const typeOpening = words('","type":"');
const dataType = words('data","offset":');
const treeType = words('tree","offset":');
const lengthOpening = words(',"length":');
const plainOpening = words(',"uncompressed_length":');
const packClosing = words(']}');
const comma = 0x2c;
const brace = 0x7d;

class Scanner extends ByteScanner implements ScannedIndex {
  readonly packIds: string[] = [];
  readonly ends: number[] = [];
  hasCompressed = false;
  records: Uint32Array<ArrayBuffer>;
  readonly #recordBytes: Buffer;
  #count = 0;

  constructor(bytes: Buffer) {
    super(bytes);
    this.records = new Uint32Array(Math.ceil(bytes.length / minBlobBytes) * recordWords);
    this.#recordBytes = Buffer.from(this.records.buffer);
  }

  scan(): boolean {
    if (!this.skip(opening) && !this.#skipLegacyOpening()) return false;
    do if (!this.#pack()) return false;
    while (this.skipByte(comma));
    if (!this.skip(packClosing)) return false;
    if (this.bytes[this.at] === 0x0a) this.at++;
    this.records = this.records.subarray(0, this.#count * recordWords);
    return this.at === this.bytes.length;
  }

  /** Up to restic 0.17 the ids of replaced index files come first; nobody needs them. */
  #skipLegacyOpening(): boolean {
    if (!this.skip(legacyOpening)) return false;
    const end = this.bytes.indexOf(legacyClosing, this.at);
    if (end < 0 || !/^[0-9a-f",]*$/.test(this.bytes.toString('latin1', this.at, end))) return false;
    this.at = end + legacyClosing.length;
    return true;
  }

  #pack(): boolean {
    if (!this.skip(packOpening)) return false;
    const idAt = this.at;
    for (; this.at < idAt + hexDigits; this.at++) {
      if (nibbles[this.bytes[this.at] ?? 0] === 0xff) return false;
    }
    if (!this.skip(blobsOpening)) return false;
    do if (!this.#blob()) return false;
    while (this.skipByte(comma));
    this.packIds.push(this.bytes.toString('latin1', idAt, idAt + hexDigits));
    this.ends.push(this.#count);
    return this.skip(packClosing);
  }

  #blob(): boolean {
    if (!this.skip(packOpening) || !this.#hexId() || !this.skip(typeOpening)) return false;
    const isData = this.skip(dataType);
    if (!isData && !this.skip(treeType)) return false;
    const offset = this.#uint32();
    if (offset < 0 || !this.skip(lengthOpening)) return false;
    const length = this.#uint32();
    const isPlain = !this.skip(plainOpening);
    const plainLength = isPlain ? 0 : this.#uint32();
    if (!isPlain) this.hasCompressed = true;
    const at = this.#count++ * recordWords;
    this.records[at + 8] = isData ? 0 : 1;
    this.records[at + 9] = offset;
    this.records[at + 10] = length;
    this.records[at + 11] = plainLength;
    return length >= 0 && plainLength >= 0 && this.skipByte(brace);
  }

  /** Into the record that is next. */
  #hexId(): boolean {
    if (!takeHexId(this.bytes, this.at, this.#recordBytes, this.#count * recordWords * 4)) return false;
    this.at += hexDigits;
    return true;
  }

  /** -1 when there is no number here that fits. */
  #uint32(): number {
    const start = this.at;
    let value = 0;
    for (;;) {
      const digit = (this.bytes[this.at] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      this.at++;
    }
    const digits = this.at - start;
    const hasLeadingZero = digits > 1 && this.bytes[start] === 0x30;
    return digits === 0 || digits > 10 || hasLeadingZero || value > 0xffffffff ? -1 : value;
  }
}
