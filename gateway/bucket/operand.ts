/**
 * What `cp`, `ls` and `rm` are told to work on: a store and a path in it, which may hold gsutil's
 * wildcards: `*` and `?` within a name, `**` over folders, `[abc]`. Opens nothing.
 */
import { basename, dirname, join } from 'node:path';
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

/** Matches whole keys. Without nested repetition, so that no pattern takes more than polynomial time. */
export function patternRegExp(pattern: string): RegExp {
  const pieces = pattern.match(/\*\*+|\*|\?|\[[^\]/]+\]|[\s\S]/g) ?? [];
  const source = pieces.map((piece) => {
    if (piece.startsWith('**')) return '[^]*';
    if (piece === '*') return '[^/]*';
    if (piece === '?') return '[^/]';
    if (piece.length > 1) return characterClass(piece);
    return escaped(piece);
  });
  return new RegExp(`^${source.join('')}$`, 'u');
}

function characterClass(piece: string): string {
  const inner = piece.slice(1, -1);
  const isNegated = inner.startsWith('!') || inner.startsWith('^');
  const body = (isNegated ? inner.slice(1) : inner).replace(/[\\\]^[&|~]/g, '\\$&');
  return body === '' ? escaped(piece) : `[${isNegated ? '^/' : ''}${body}]`;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
