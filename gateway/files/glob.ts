/**
 * One component of a pattern as Go's path.Match reads it: `*`, `?`, `[a-z]`, `[^a-z]`, and a
 * backslash that takes the next character as it is. Time grows with pattern times name at most:
 * no regular expression, whose backtracking a hostile pattern could make explode.
 */
import { patternMalformed } from './errors.js';

/** Does a name (see `toLossless`) match? */
export type NameTest = (name: string) => boolean;

/** Takes one character; `undefined` stands for `*`. */
type Token = ((character: string) => boolean) | string | undefined;

/** Does the text hold anything that is not just itself? */
export function hasWildcards(glob: string): boolean {
  return /[\\[\]*?]/.test(glob);
}

/** @throws PATTERN_MALFORMED. */
export function compileGlob(glob: string): NameTest {
  if (!hasWildcards(glob)) return (name) => name === glob;
  return simpleTest(glob) ?? tokenTest(parse(glob));
}

/** The usual shapes, `*text`, `text*` and `*text*`, need no walk over characters. */
function simpleTest(glob: string): NameTest | undefined {
  const inner = glob.replace(/^\*/, '').replace(/\*$/, '');
  if (inner === '' || hasWildcards(inner)) return undefined;
  if (!glob.startsWith('*')) return (name) => name.startsWith(inner);
  if (!glob.endsWith('*')) return (name) => name.endsWith(inner);
  return (name) => name.includes(inner);
}

function tokenTest(tokens: readonly Token[]): NameTest {
  if (tokens.every((token) => token === undefined)) return () => true;
  return (name) => fits(tokens, Array.from(name));
}

/** Goes back to the last `*` only, which is enough: an earlier one can never do better. */
function fits(tokens: readonly Token[], characters: readonly string[]): boolean {
  let token = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  while (at < characters.length) {
    if (token < tokens.length && tokens[token] === undefined) {
      star = token++;
      starAt = at;
    } else if (takes(tokens[token], characters[at] ?? '')) {
      token++;
      at++;
    } else if (star >= 0) {
      token = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (token < tokens.length && tokens[token] === undefined) token++;
  return token === tokens.length;
}

function takes(token: Token, character: string): boolean {
  return typeof token === 'function' ? token(character) : token === character;
}

function parse(glob: string): Token[] {
  const characters = Array.from(glob);
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (character === '*') tokens.push(undefined);
    else if (character === '?') tokens.push(() => true);
    else if (character === '[') {
      const { token, end } = parseClass(characters, at + 1, glob);
      tokens.push(token);
      at = end;
    } else if (character === '\\') tokens.push(taken(characters, ++at, glob));
    else tokens.push(character);
  }
  return tokens;
}

function parseClass(characters: readonly string[], start: number, glob: string) {
  let at = start;
  const negated = characters[at] === '^';
  if (negated) at++;
  const ranges: [number, number][] = [];
  while (characters[at] !== ']' || ranges.length === 0) {
    const low = classMember(characters, at, glob);
    at = low.next;
    let high = low;
    if (characters[at] === '-') {
      high = classMember(characters, at + 1, glob);
      at = high.next;
    }
    if (low.code > high.code) throw patternMalformed(glob, 'a range runs backwards');
    ranges.push([low.code, high.code]);
  }
  const token = (character: string) => {
    const code = character.codePointAt(0) ?? 0;
    return ranges.some(([low, high]) => low <= code && code <= high) !== negated;
  };
  return { token, end: at };
}

function classMember(characters: readonly string[], at: number, glob: string) {
  const escaped = characters[at] === '\\';
  const character = taken(characters, escaped ? at + 1 : at, glob);
  if (!escaped && (character === ']' || character === '-')) {
    throw patternMalformed(glob, `"${character}" stands where a character must`);
  }
  return { code: character.codePointAt(0) ?? 0, next: at + (escaped ? 2 : 1) };
}

function taken(characters: readonly string[], at: number, glob: string): string {
  const character = characters[at];
  if (character === undefined) throw patternMalformed(glob, 'it ends too early');
  return character;
}
