/**
 * restic's include and exclude patterns: a pattern without a leading slash fits anywhere in a path,
 * one with it only at the top; what lies below a match matches too; `**` stands for any number of
 * folders, also none; `!` in front takes back what earlier patterns matched.
 */
import { compileGlob, type NameTest } from './glob.js';

interface PatternMatch {
  readonly matched: boolean;
  /** Something below this path may match. */
  readonly childMayMatch: boolean;
}

export interface PatternList {
  readonly isEmpty: boolean;
  /** `components` are those of the absolute path, each as `toLossless` gives it. */
  match(components: readonly string[]): PatternMatch;
}

interface Pattern {
  readonly negated: boolean;
  readonly absolute: boolean;
  /** `undefined` stands for `**`. */
  readonly parts: readonly (NameTest | undefined)[];
}

/** Empty patterns are passed over. @throws PATTERN_MALFORMED. */
export function compilePatterns(patterns: readonly string[]): PatternList {
  const compiled = patterns.filter((text) => text !== '').map(compilePattern);
  return {
    isEmpty: compiled.length === 0,
    match: (components) => matchAll(compiled, components),
  };
}

/** Patterns of an exclude file: one a line; blank lines and those that begin with # do not count. */
export function patternsOfFile(
  text: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): string[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => expandVariables(line, environment));
}

function expandVariables(line: string, environment: Readonly<Record<string, string | undefined>>): string {
  return line.replace(/\$(?:(\$)|\{(\w+)\}|(\w+))/g, (_whole, dollar, braced, bare) => {
    if (dollar !== undefined) return '$';
    return environment[String(braced ?? bare)] ?? '';
  });
}

function compilePattern(text: string): Pattern {
  const negated = text.startsWith('!');
  const body = negated ? text.slice(1) : text;
  const parts = cleanParts(body).map((part) => (part === '**' ? undefined : compileGlob(part)));
  return { negated, absolute: body.startsWith('/'), parts };
}

function cleanParts(text: string): string[] {
  const parts: string[] = [];
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts;
}

function matchAll(patterns: readonly Pattern[], components: readonly string[]): PatternMatch {
  let matched = false;
  let childMayMatch = false;
  for (const pattern of patterns) {
    const hit = matches(pattern, components);
    if (pattern.negated) {
      matched &&= !hit;
      childMayMatch &&= !hit;
    } else {
      matched ||= hit;
      childMayMatch ||= matchesBelow(pattern, components);
    }
  }
  return { matched, childMayMatch };
}

function matches({ parts, absolute }: Pattern, components: readonly string[]): boolean {
  if (absolute) return fits(parts, 0, components, 0);
  for (let offset = components.length; offset >= 0; offset--) {
    if (fits(parts, 0, components, offset)) return true;
  }
  return false;
}

/** Do the parts from `part` on fit the components from `at` on? Components left over are below. */
function fits(
  parts: readonly (NameTest | undefined)[],
  part: number,
  components: readonly string[],
  at: number,
): boolean {
  if (part === parts.length) return true;
  const test = parts[part];
  if (test === undefined) {
    for (let skipped = at; skipped <= components.length; skipped++) {
      if (fits(parts, part + 1, components, skipped)) return true;
    }
    return false;
  }
  const name = components[at];
  return name !== undefined && test(name) && fits(parts, part + 1, components, at + 1);
}

function matchesBelow({ parts, absolute }: Pattern, components: readonly string[]): boolean {
  if (!absolute) return true;
  const wildcard = parts.indexOf(undefined);
  const known = wildcard < 0 ? parts.length : wildcard;
  const length = Math.min(known, components.length);
  return fits(parts.slice(0, length), 0, components.slice(0, length), 0);
}
