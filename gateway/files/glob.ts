/**
 * One component of a pattern as Go's path.Match reads it: `*`, `?`, `[a-z]`, `[^a-z]`, and a
 * backslash that takes the next character as it is.
 */
import { patternMalformed } from './errors.js';

/** Does a name (see `toLossless`) match? */
export type NameTest = (name: string) => boolean;

/** @throws PATTERN_MALFORMED. */
export function compileGlob(glob: string): NameTest {
  if (!/[\\[\]*?]/.test(glob)) return (name) => name === glob;
  const expression = new RegExp(`^${translate(glob)}$`, 'su');
  return (name) => expression.test(name);
}

function translate(glob: string): string {
  const characters = Array.from(glob);
  let source = '';
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (character === '*') source += '.*';
    else if (character === '?') source += '.';
    else if (character === '[') {
      const { text, end } = translateClass(characters, at + 1, glob);
      source += text;
      at = end;
    } else if (character === '\\') source += exactly(taken(characters, ++at, glob));
    else source += exactly(character);
  }
  return source;
}

function translateClass(characters: readonly string[], start: number, glob: string) {
  let at = start;
  const negated = characters[at] === '^';
  if (negated) at++;
  let members = '';
  while (characters[at] !== ']' || members === '') {
    const low = classMember(characters, at, glob);
    at = low.next;
    let high = low;
    if (characters[at] === '-') {
      high = classMember(characters, at + 1, glob);
      at = high.next;
    }
    if (low.character > high.character) throw patternMalformed(glob, 'a range runs backwards');
    members += `${exactly(low.character)}-${exactly(high.character)}`;
  }
  return { text: `[${negated ? '^' : ''}${members}]`, end: at };
}

function classMember(characters: readonly string[], at: number, glob: string) {
  const escaped = characters[at] === '\\';
  const character = taken(characters, escaped ? at + 1 : at, glob);
  if (!escaped && (character === ']' || character === '-')) {
    throw patternMalformed(glob, `"${character}" stands where a character must`);
  }
  return { character, next: at + (escaped ? 2 : 1) };
}

function taken(characters: readonly string[], at: number, glob: string): string {
  const character = characters[at];
  if (character === undefined) throw patternMalformed(glob, 'it ends too early');
  return character;
}

function exactly(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
