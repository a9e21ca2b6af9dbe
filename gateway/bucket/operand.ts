/**
 * What `cp`, `ls` and `rm` are told to work on: a store and a path in it, which may hold gsutil's
 * wildcards: `*` and `?` within a name, `**` over folders, `[abc]`. Opens nothing.
 */
import { basename, dirname, join } from 'node:path';
import { patternMalformed } from '../files/errors.js';
import { formatLocation, type Location, parseLocation } from './location.js';

export interface Operand {
  /** The whole bucket, or the folder that the path begins in. */
  readonly store: Location;
  /** Without slashes at either end; empty for the whole store. */
  readonly path: string;
  /** Written with a slash at its end, or the whole store: can only be a folder. */
  readonly isFolder: boolean;
  readonly hasWildcard: boolean;
}

const wildcard = /[*?[]/;

/** True for what is written as a location with a scheme, and not as a path or a snapshot. */
export function isUrl(text: string): boolean {
  return /^((s3|gs|b2|file):\/\/|s3:https?:\/\/)/.test(text);
}

/** @throws LOCATION_MALFORMED. */
export function parseOperand(text: string): Operand {
  const place = parseLocation(text);
  const endsInSlash = /[/\\]$/.test(text.trim()) || /(^|\/)\.{1,2}$/.test(text.trim());
  if (place.kind === 's3') {
    const { prefix: path, ...bucket } = place;
    const isFolder = endsInSlash || path === '';
    return { store: { ...bucket, prefix: '' }, path, isFolder, hasWildcard: wildcard.test(path) };
  }
  // A folder's wildcards begin behind the folders that have none: those are the store.
  const segments = place.path.split('/');
  const first = segments.findIndex((segment) => wildcard.test(segment));
  const top = first < 0 ? dirname(place.path) : segments.slice(0, first).join('/') || '/';
  const path = first < 0 ? basename(place.path) : segments.slice(first).join('/');
  return {
    store: { kind: 'directory', path: top },
    path,
    isFolder: endsInSlash || path === '',
    hasWildcard: first >= 0,
  };
}

/** The object's full name, for people and for other commands. */
export function urlOf(store: Location, key: string): string {
  return store.kind === 'directory' ? join(store.path, key) : `${formatLocation(store)}/${key}`;
}

/** What a listing must begin with for `pattern` to match. */
export function fixedPrefix(pattern: string): string {
  const at = pattern.search(wildcard);
  return at < 0 ? pattern : pattern.slice(0, at);
}

/** A piece of a pattern: takes one character, or with `repeats` any number of them. */
interface Piece {
  readonly takes: (character: string) => boolean;
  readonly repeats: boolean;
}

/**
 * Does a pattern match whole keys? Time grows with pattern times key at most: no regular
 * expression, whose backtracking many stars could make explode. @throws PATTERN_MALFORMED.
 */
export function keyTest(pattern: string): (key: string) => boolean {
  const texts = pattern.match(/\*\*+|\*|\?|\[[^\]/]+\]|[\s\S]/gu) ?? [];
  const pieces = texts.map((text) => pieceOf(text, pattern));
  return (key) => {
    let places = skipped(pieces, [0]);
    for (const character of key) {
      const next = places.flatMap((place) => {
        const piece = pieces[place];
        if (piece === undefined || !piece.takes(character)) return [];
        return piece.repeats ? [place] : [place + 1];
      });
      places = skipped(pieces, next);
      if (places.length === 0) return false;
    }
    return places.includes(pieces.length);
  };
}

/** With the places behind repeated pieces, which may also take nothing; each once. */
function skipped(pieces: readonly Piece[], places: readonly number[]): number[] {
  const reached = new Set<number>();
  for (let place of places) {
    for (; !reached.has(place); place++) {
      reached.add(place);
      if (pieces[place]?.repeats !== true) break;
    }
  }
  return [...reached];
}

function pieceOf(text: string, pattern: string): Piece {
  if (text.startsWith('**')) return { takes: () => true, repeats: true };
  if (text === '*') return { takes: (character) => character !== '/', repeats: true };
  if (text === '?') return { takes: (character) => character !== '/', repeats: false };
  if (text.startsWith('[') && text.length > 1) return { takes: classTest(text, pattern), repeats: false };
  return { takes: (character) => character === text, repeats: false };
}

function classTest(text: string, pattern: string): (character: string) => boolean {
  const inner = text.slice(1, -1);
  const isNegated = inner.length > 1 && /^[!^]/.test(inner);
  const members = Array.from(isNegated ? inner.slice(1) : inner);
  const ranges: (readonly [string, string])[] = [];
  for (let at = 0; at < members.length; at++) {
    const low = members[at] as string;
    const isRange = members[at + 1] === '-' && at + 2 < members.length;
    const high = isRange ? (members[at + 2] as string) : low;
    if (codeOf(low) > codeOf(high)) throw patternMalformed(pattern, 'a range runs backwards');
    ranges.push([low, high]);
    if (isRange) at += 2;
  }
  return (character) => {
    const code = codeOf(character);
    const isMember = ranges.some(([low, high]) => codeOf(low) <= code && code <= codeOf(high));
    return isNegated ? !isMember && character !== '/' : isMember;
  };
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
