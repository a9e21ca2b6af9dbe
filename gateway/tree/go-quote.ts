/**
 * Names as restic stores them: Go's strconv.Quote without the outer quotes, so that any bytes fit
 * into JSON. `unquoteName` also reads every other form that Go's strconv.Unquote takes.
 */
import { utf8Length } from '../files/path-bytes.js';
import { treeDamaged } from './errors.js';

const plainAscii = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;
/** Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII space. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

export function quoteName(name: Buffer): string {
  const ascii = name.toString('latin1');
  if (plainAscii.test(ascii)) return ascii;
  let quoted = '';
  for (let at = 0; at < name.length; ) {
    const length = utf8Length(name, at);
    quoted +=
      length === 0 ? hexEscape(name[at] ?? 0) : quoteCharacter(name.toString('utf8', at, at + length));
    at += length || 1;
  }
  return quoted;
}

function quoteCharacter(character: string): string {
  const short = shortEscapes[character];
  if (short !== undefined) return short;
  if (printable.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return hexEscape(code);
  return code < 0x10000
    ? `\\u${code.toString(16).padStart(4, '0')}`
    : `\\U${code.toString(16).padStart(8, '0')}`;
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

const simple: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 0x5c,
  '"': 0x22,
};
const digitsOf: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** @throws TREE_DAMAGED when it is no quoted name. */
export function unquoteName(quoted: string): Buffer {
  if (!quoted.includes('\\')) return Buffer.from(quoted, 'utf8');
  const parts: Buffer[] = [];
  for (let at = 0; at < quoted.length; ) {
    const backslash = quoted.indexOf('\\', at);
    const end = backslash < 0 ? quoted.length : backslash;
    if (end > at) parts.push(Buffer.from(quoted.slice(at, end), 'utf8'));
    if (backslash < 0) break;
    const { bytes, length } = readEscape(quoted, backslash + 1);
    parts.push(bytes);
    at = backslash + 1 + length;
  }
  return Buffer.concat(parts);
}

function readEscape(text: string, at: number): { bytes: Buffer; length: number } {
  const kind = text.charAt(at);
  const code = simple[kind];
  if (code !== undefined) return { bytes: Buffer.of(code), length: 1 };
  const octal = /^[0-3][0-7]{2}/.exec(text.slice(at, at + 3))?.[0];
  if (octal !== undefined) return { bytes: Buffer.of(Number.parseInt(octal, 8)), length: 3 };
  const digits = digitsOf[kind];
  const hex = digits === undefined ? '' : text.slice(at + 1, at + 1 + digits);
  if (digits === undefined || hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) {
    throw treeDamaged(`the name ${JSON.stringify(text)} has an unknown escape`);
  }
  return { bytes: escapedBytes(kind, Number.parseInt(hex, 16), text), length: 1 + digits };
}

function escapedBytes(kind: string, value: number, text: string): Buffer {
  if (kind === 'x') return Buffer.of(value);
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
    throw treeDamaged(`the name ${JSON.stringify(text)} has an impossible character`);
  }
  return Buffer.from(String.fromCodePoint(value), 'utf8');
}
