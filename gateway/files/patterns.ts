/**
 * restic's include and exclude patterns: a pattern without a leading slash fits anywhere in a path,
 * one with it only at the top; what lies below a match matches too; `**` stands for any number of
 * folders, also none; `!` in front takes back what earlier patterns matched. Each pattern is run
 * over the components as a set of places in it, so that the time is bounded by their product.
 */
import { compileGlob, hasWildcards, type NameTest } from './glob.js';

interface PatternMatch {
  readonly matched: boolean;
  /** Something below this path may match. */
  readonly childMayMatch: boolean;
}

export interface PatternList {
  readonly isEmpty: boolean;
  /** `components` are those of the absolute path, each as `toLossless` gives it. */
  match(components: readonly string[]): PatternMatch;
  /** The same question for the entries of one folder, made ready once: `name` is the last component. */
  inFolder(components: readonly string[]): (name: string) => boolean;
}

interface Pattern {
  readonly negated: boolean;
  readonly absolute: boolean;
  /** `undefined` stands for `**`. */
  readonly parts: readonly (NameTest | undefined)[];
  /** From this place on there is only `**`: whoever reaches it has matched. */
  readonly accepts: number;
  /** When the whole pattern is one name: that name. */
  readonly literal: string | undefined;
}

/** Empty patterns are passed over. @throws PATTERN_MALFORMED. */
export function compilePatterns(patterns: readonly string[], ignoreCase = false): PatternList {
  const fold = ignoreCase ? (text: string) => text.toLowerCase() : (text: string) => text;
  const compiled = patterns.filter((text) => text !== '').map((text) => compilePattern(fold(text)));
  const folded = (components: readonly string[]) => (ignoreCase ? components.map(fold) : components);
  const prepare = compiled.some(({ negated }) => negated) ? inOrder : anyOf;
  const openFolder = prepare(compiled);
  return {
    isEmpty: compiled.length === 0,
    match: (components) => matchAll(compiled, folded(components)),
    inFolder: (components) => {
      const test = openFolder(folded(components));
      return ignoreCase ? (name) => test(name.toLowerCase()) : test;
    },
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
  const names = cleanParts(body);
  const parts = names.map((part) => (part === '**' ? undefined : compileGlob(part)));
  let accepts = parts.length;
  while (accepts > 0 && parts[accepts - 1] === undefined) accepts--;
  const [name = ''] = names;
  const absolute = body.startsWith('/');
  const literal = names.length === 1 && !absolute && !hasWildcards(name) ? name : undefined;
  return { negated, absolute, parts, accepts, literal };
}

function cleanParts(text: string): string[] {
  const parts: string[] = [];
  for (const part of text.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '**' || parts.at(-1) !== '**') parts.push(part);
  }
  return parts;
}

/** The places in a pattern that are reached after some components; undefined when it has matched. */
type Places = readonly number[];

function placesAfter(pattern: Pattern, components: readonly string[]): Places | undefined {
  let places = closed(pattern, [0]);
  for (const component of components) {
    if (places === undefined) return undefined;
    if (places.length === 0) return places;
    places = step(pattern, places, component);
  }
  return places;
}

function step(pattern: Pattern, places: Places, component: string): Places | undefined {
  const next: number[] = pattern.absolute ? [] : [0];
  for (const place of places) {
    const test = pattern.parts[place];
    if (test === undefined) next.push(place);
    else if (test(component)) next.push(place + 1);
  }
  return closed(pattern, next);
}

/** With what `**` lets one skip, each place once. */
function closed({ parts, accepts }: Pattern, places: readonly number[]): Places | undefined {
  const reached = new Set<number>();
  for (let place of places) {
    for (; !reached.has(place); place++) {
      if (place >= accepts) return undefined;
      reached.add(place);
      if (parts[place] !== undefined) break;
    }
  }
  return [...reached];
}

/** The tests that a name may pass to match, after `places`. */
function lastTests({ parts, accepts }: Pattern, places: Places): NameTest[] {
  return places.flatMap((place) => {
    const test = parts[place];
    return place + 1 === accepts && test !== undefined ? [test] : [];
  });
}

/** Without `!`, the order does not matter, and a folder that matches is never asked about. */
function anyOf(patterns: readonly Pattern[]): (folder: readonly string[]) => NameTest {
  const literals = new Set(patterns.flatMap(({ literal }) => literal ?? []));
  const anywhere = patterns.filter((p) => p.literal === undefined && !p.absolute && p.parts.length === 1);
  const always = anywhere.flatMap((pattern) => lastTests(pattern, [0]));
  const placed = patterns.filter((p) => p.literal === undefined && !anywhere.includes(p));
  return (folder) => {
    const tests = [...always];
    for (const pattern of placed) {
      const places = placesAfter(pattern, folder);
      if (places === undefined) return () => true;
      tests.push(...lastTests(pattern, places));
    }
    return (name) => literals.has(name) || tests.some((test) => test(name));
  };
}

/** With `!`, the last pattern that fits decides. */
function inOrder(patterns: readonly Pattern[]): (folder: readonly string[]) => NameTest {
  return (folder) => {
    const ready = patterns.flatMap((pattern) => {
      const places = placesAfter(pattern, folder);
      const tests = places === undefined ? [() => true] : lastTests(pattern, places);
      return tests.length === 0 ? [] : [{ tests, matches: !pattern.negated }];
    });
    return (name) => {
      const last = ready.findLast(({ tests }) => tests.some((test) => test(name)));
      return last?.matches ?? false;
    };
  };
}

function matchAll(patterns: readonly Pattern[], components: readonly string[]): PatternMatch {
  let matched = false;
  let childMayMatch = false;
  for (const pattern of patterns) {
    const hit = placesAfter(pattern, components) === undefined;
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

function matchesBelow(pattern: Pattern, components: readonly string[]): boolean {
  if (!pattern.absolute) return true;
  const places = placesAfter(pattern, components);
  return places === undefined || places.length > 0;
}
