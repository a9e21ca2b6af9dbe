/**
 * JSON as Go's encoding/json writes it, byte for byte, and a parser that keeps integers beyond 2^53
 * exact. For everything whose bytes are hashed: trees, snapshots.
 */

export type JsonValue = string | number | bigint | boolean | null | readonly JsonValue[] | JsonObject;

/** Members are written in the order in which they were put in; `undefined` ones are left out. */
interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

const maxDepth = 500;

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is escaped.
const escaped = /["\\<>&\u0000-\u001f\u2028\u2029\p{Surrogate}]/gu;

const plain = /^[ !#-%'-;=?-[\]-~]*$/;

/**
 * Compact JSON; members in the order given, `undefined` members left out, bigints as integers.
 * Lone surrogates are written as the escape of U+FFFD. @throws TypeError for a number that JSON cannot hold.
 */
export function encodeGoJson(value: JsonValue): string {
  if (typeof value === 'string') return encodeGoString(value);
  if (typeof value === 'number') return encodeNumber(value);
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(encodeGoJson).join(',')}]`;
  const members: string[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${encodeGoString(key)}:${encodeGoJson(member)}`);
  }
  return `{${members.join(',')}}`;
}

/** A quoted string with Go's escapes. */
function encodeGoString(text: string): string {
  // Most strings need nothing; this test is much cheaper than the search for what to replace.
  if (plain.test(text)) return `"${text}"`;
  return `"${text.replace(escaped, escapeCharacter)}"`;
}

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  if (code >= 0xd800 && code <= 0xdfff) return '\\ufffd';
  return shortEscapes[character] ?? `\\u${code.toString(16).padStart(4, '0')}`;
}

function encodeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`JSON has no ${value}`);
  return String(value);
}

/**
 * Parses JSON; an integer that a number cannot hold exactly comes back as a bigint, all other
 * values as `JSON.parse` gives them. Bytes are read as UTF-8.
 * @throws SyntaxError when it is not JSON or nests deeper than 500.
 */
export function parseGoJson(source: string | Uint8Array): unknown {
  const text =
    typeof source === 'string'
      ? source
      : Buffer.from(source.buffer, source.byteOffset, source.length).toString('utf8');
  // Sixteen digits in a row are the least that can be beyond 2^53; without them nothing is lost. Ids
  // in quotes often have as many.
  if (!/[:[,]\s*-?\d{16}/.test(text)) return JSON.parse(text);
  return new ExactParser(text).parse();
}

const token = /[ \t\n\r]*(?:([{}[\]:,])|("[^"\\]*(?:\\.[^"\\]*)*")|(-?\d[\d.eE+-]*)|(true|false|null))/y;
const integer = /^-?(?:0|[1-9]\d*)$/;

class ExactParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): unknown {
    const value = this.#value(this.#next());
    if (this.#text.slice(this.#at).trim() !== '') throw this.#unexpected();
    return value;
  }

  #next(): string {
    token.lastIndex = this.#at;
    const match = token.exec(this.#text);
    if (match === null) throw this.#unexpected();
    this.#at = token.lastIndex;
    return match[1] ?? match[2] ?? match[3] ?? (match[4] as string);
  }

  #value(first: string): unknown {
    if (first === '{' || first === '[') {
      if (++this.#depth > maxDepth) throw new SyntaxError('JSON nests too deeply');
      const value = first === '{' ? this.#object() : this.#array();
      this.#depth--;
      return value;
    }
    if (integer.test(first)) {
      const value = Number(first);
      return Number.isSafeInteger(value) ? value : BigInt(first);
    }
    return JSON.parse(first);
  }

  #array(): unknown[] {
    const items: unknown[] = [];
    let next = this.#next();
    if (next === ']') return items;
    for (;;) {
      items.push(this.#value(next));
      if (this.#separator(']')) return items;
      next = this.#next();
    }
  }

  #object(): Record<string, unknown> {
    const members: Record<string, unknown> = {};
    let next = this.#next();
    if (next === '}') return members;
    for (;;) {
      if (!next.startsWith('"')) throw this.#unexpected();
      const key = JSON.parse(next) as string;
      if (this.#next() !== ':') throw this.#unexpected();
      const value = this.#value(this.#next());
      // Defined, not assigned: a member may be called __proto__.
      Object.defineProperty(members, key, { value, writable: true, enumerable: true, configurable: true });
      if (this.#separator('}')) return members;
      next = this.#next();
    }
  }

  /** True at the closing bracket, false at a comma. */
  #separator(close: string): boolean {
    const next = this.#next();
    if (next !== close && next !== ',') throw this.#unexpected();
    return next === close;
  }

  #unexpected(): SyntaxError {
    return new SyntaxError(`unexpected text in JSON near position ${this.#at}`);
  }
}
