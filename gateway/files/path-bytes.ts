/**
 * File names are bytes, not text. This file joins them, shows them, and maps them to strings and
 * back without loss: a byte that is no UTF-8 becomes a lone surrogate U+DC80..U+DCFF.
 */
import { isUtf8 } from 'node:buffer';

const slash = 0x2f;

/** Path as bytes; strings are taken as UTF-8. */
export function pathBytes(path: string | Buffer): Buffer {
  return typeof path === 'string' ? Buffer.from(path, 'utf8') : path;
}

/** `folder/name`, without doubling the slash after `/`. */
export function joinPath(folder: Buffer, name: Buffer): Buffer {
  if (folder.length === 0) return name;
  const endsWithSlash = folder[folder.length - 1] === slash;
  return Buffer.concat(endsWithSlash ? [folder, name] : [folder, Buffer.of(slash), name]);
}

/** For people: bytes that are no UTF-8 show as the replacement character. */
export function displayPath(path: Buffer): string {
  return path.toString('utf8');
}

/** A string that stands for exactly these bytes; `fromLossless` gives them back. */
export function toLossless(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = utf8Length(bytes, at);
    if (length === 0) {
      text += String.fromCharCode(0xdc00 + (bytes[at] ?? 0));
      at += 1;
    } else {
      text += bytes.toString('utf8', at, at + length);
      at += length;
    }
  }
  return text;
}

/** Does this character of a lossless string stand for one byte that is no UTF-8? */
export function isStrayByte(character: string): boolean {
  return /^[\udc80-\udcff]$/.test(character);
}

export function fromLossless(text: string): Buffer {
  const parts: Buffer[] = [];
  for (const character of text) {
    const byte = character.charCodeAt(0) - 0xdc00;
    parts.push(isStrayByte(character) ? Buffer.of(byte) : Buffer.from(character, 'utf8'));
  }
  return Buffer.concat(parts);
}

/** Bytes of the UTF-8 character at `at` (1 to 4), or 0 when there is no valid one; Go's rules. */
export function utf8Length(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  return at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}

/** Cleans as Go's path.Clean does, for absolute paths: no `.`, `..`, doubled or trailing slashes. */
export function cleanAbsolute(path: Buffer): Buffer {
  return Buffer.concat([Buffer.of(slash), joinAll(pathComponents(path))]);
}

/** The cleaned components of a path taken as if it began at `/`; `..` above the top vanishes. */
export function pathComponents(path: Buffer): Buffer[] {
  const components: Buffer[] = [];
  for (const part of splitSlashes(path)) {
    const text = part.toString('latin1');
    if (text === '' || text === '.') continue;
    if (text === '..') components.pop();
    else components.push(part);
  }
  return components;
}

function splitSlashes(path: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (let end = path.indexOf(slash); end >= 0; end = path.indexOf(slash, start)) {
    parts.push(path.subarray(start, end));
    start = end + 1;
  }
  parts.push(path.subarray(start));
  return parts;
}

function joinAll(components: readonly Buffer[]): Buffer {
  return Buffer.concat(components.flatMap((part, at) => (at === 0 ? [part] : [Buffer.of(slash), part])));
}
