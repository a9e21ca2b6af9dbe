/**
 * How dumps are named in a bucket: HOST:FS:LEVEL:DATE, in the three layouts that s3dump has had:
 * one object, numbered objects `...:N`, and `.../chunk_NNNNNN`. All metadata is in the name.
 */
import { randomBytes } from 'node:crypto';
import { labelInvalid } from './errors.js';

export interface Labels {
  readonly host: string;
  /** What was dumped; often a path. */
  readonly fs: string;
  readonly level: string;
  /** `2026-11-21`, and after it time and a random part unless names are plain. */
  readonly date: string;
}

export type Layout = 'whole' | 'numbered' | 'chunks';

export interface DumpKey {
  readonly labels: Labels;
  readonly layout: Layout;
  /** Number of the piece; 0 for a whole object. */
  readonly piece: number;
}

export function formatLabels({ host, fs, level, date }: Labels): string {
  return `${host}:${fs}:${level}:${date}`;
}

/** @throws LABEL_INVALID. Slashes are refused where the older layouts would be mistaken. */
export function checkLabels(labels: Omit<Labels, 'date'>): void {
  for (const what of ['host', 'fs', 'level'] as const) {
    if (labels[what] === '' || labels[what].includes(':')) throw labelInvalid(what, labels[what], '":"');
  }
  if (labels.host.includes('/')) throw labelInvalid('host', labels.host, '"/"');
}

/** @throws LABEL_INVALID. */
export function checkDate(date: string): void {
  if (date === '' || /[:/]/.test(date)) throw labelInvalid('date', date, '":" or "/"');
}

/**
 * A date that nobody can guess, so that a thief who may only write cannot overwrite the dump. It
 * begins with the given date, and later ones of a day sort later.
 * @param timeOfDay six digits, HHMMSS.
 */
export function unguessable(date: string, timeOfDay: string): string {
  return `${date}-${timeOfDay}-${randomBytes(10).toString('hex')}`;
}

/** What a key names, or undefined for an object that is no dump. Keys may be URL-quoted. */
export function parseKey(key: string): DumpKey | undefined {
  return parsePlain(key) ?? parsePlain(unquote(key));
}

/** Does `date`, maybe with time and random part, belong to the day or the full date `wanted`? */
export function isOfDate(date: string, wanted: string): boolean {
  return date === wanted || date.startsWith(`${wanted}-`);
}

function parsePlain(key: string): DumpKey | undefined {
  const [host = '', fs = '', level = '', date = '', number, ...more] = key.split(':');
  if (more.length > 0 || [host, fs, level, date].includes('')) return undefined;
  if (number !== undefined) {
    if (!/^\d{1,9}$/.test(number) || date.includes('/')) return undefined;
    return { labels: { host, fs, level, date }, layout: 'numbered', piece: Number(number) };
  }
  const chunk = /^([^/]+)\/chunk_(\d{6,9})$/.exec(date);
  if (chunk !== null) {
    const [, day = '', digits = ''] = chunk;
    return { labels: { host, fs, level, date: day }, layout: 'chunks', piece: Number(digits) };
  }
  return date.includes('/') ? undefined : { labels: { host, fs, level, date }, layout: 'whole', piece: 0 };
}

function unquote(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
