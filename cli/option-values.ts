/** Parsers for the values of options; each refuses with a sentence. */
import { InvalidArgumentError } from 'commander';
import { GatehouseError } from '../core/errors.js';
import type { StorageClasses } from '../gateway/bucket/s3-connection.js';
import { parseStorageClasses } from '../gateway/bucket/storage-class.js';
import type { FolderMarker } from '../gateway/files/selection.js';
import { type Grouping, parseGrouping } from '../gateway/retention/grouping.js';
import { parseDuration } from '../gateway/schedule/duration.js';
import { parseOneWay, parseTimetable } from '../gateway/throttle/timetable.js';

export function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidArgumentError('A port is a whole number from 0 (any free one) to 65535.');
  }
  return port;
}

/** A rate, `off`, a pair for both directions or a timetable; stays as text. */
export function rateTimetable(text: string): string {
  return orInvalid(() => parseTimetable(text)).text;
}

/** As `rateTimetable`, without pairs. */
export function oneWayTimetable(text: string): string {
  return orInvalid(() => parseOneWay(text)).text;
}

/** Milliseconds from `90s`, `10m`, `2h` or `3d`. */
export function spanMs(text: string): number {
  return orInvalid(() => parseDuration(text));
}

/** For options that may be repeated. */
export function append(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** `KEY=VALUE`. */
export function keyValue(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new GatehouseError('USAGE', `"${text}" is not KEY=VALUE.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Any finite number. */
export function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Give a number.');
  return value;
}

export function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Give a whole number from 1.');
  return value;
}

/** A part of all, above 0. */
export function percent(text: string): number {
  const value = Number(text.replace(/%$/, ''));
  if (!(value > 0 && value <= 100)) throw new InvalidArgumentError('Give a number above 0, at most 100.');
  return value;
}

/** A point in time as restic reads it, local unless a zone is given; nanoseconds since 1970. */
export function pointInTime(text: string): bigint {
  const [, day, rest = ''] = /^(\d{4}-\d\d-\d\d)(?:[ T](.+))?$/.exec(text.trim()) ?? [];
  const ms =
    day === undefined ? Number.NaN : Date.parse(`${day}T${(rest || '00:00').replace(/ (?=[-+Z])/, '')}`);
  if (Number.isNaN(ms))
    throw new InvalidArgumentError('Write it as 2026-01-02, "2026-01-02 03:04" or RFC 3339.');
  return BigInt(ms) * 1_000_000n;
}

/** As `pointInTime`, milliseconds since 1970. */
export function instant(text: string): number {
  return Number(pointInTime(text) / 1_000_000n);
}

/** Mebibytes, within restic's bounds. */
export function packSize(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 4 || value > 128) {
    throw new InvalidArgumentError('Give whole MiB from 4 to 128.');
  }
  return value;
}

/** Nanoseconds since 1970 from restic's form, local time, or from any ISO 8601 time. */
export function snapshotTime(text: string): bigint {
  const ms = Date.parse(text.replace(' ', 'T'));
  if (Number.isNaN(ms)) throw new InvalidArgumentError('Write it as "2026-01-02 03:04:05".');
  return BigInt(ms) * 1_000_000n;
}

const sizeUnits: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};

/** Bytes from `500k`, `2M`, `1G` or a plain number, as restic reads sizes. */
export function sizeBytes(text: string): number {
  const [, digits, unit = ''] = /^(\d+)([bkmgt]?)$/i.exec(text) ?? [];
  const bytes = Number(digits) * (sizeUnits[unit.toLowerCase()] ?? 1);
  if (!Number.isSafeInteger(bytes)) throw new InvalidArgumentError('Write bytes, or 500k, 2M, 1G, 1T.');
  return bytes;
}

/** `FILE[:HEADER]`; may be repeated. */
export function folderMarker(
  text: string,
  before: readonly FolderMarker[] | undefined,
): readonly FolderMarker[] {
  const colon = text.indexOf(':');
  const fileName = colon < 0 ? text : text.slice(0, colon);
  const header = colon < 0 ? '' : text.slice(colon + 1);
  if (fileName === '' || fileName.includes('/')) {
    throw new InvalidArgumentError(
      'Give the name of a file, without folders, and after a colon how it begins.',
    );
  }
  return [...(before ?? []), { fileName, header }];
}

/** Any of `host`, `paths` and `tags`, separated by commas; an empty text for one group of all. */
export function grouping(text: string): Grouping {
  return orInvalid(() => parseGrouping(text));
}

function orInvalid<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    throw new InvalidArgumentError(error.hint ?? error.message);
  }
}

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Milliseconds from Go's form: `5m`, `1h30m`, `90s`. */
export function duration(text: string): number {
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) {
    throw new InvalidArgumentError('Write it as 5m, 1h30m or 90s.');
  }
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g);
  return [...parts].reduce((sum, [, value, unit]) => sum + Number(value) * (unitMs[unit ?? ''] ?? 0), 0);
}

/** `data=GLACIER_IR,metadata=STANDARD`. */
export function storageClasses(text: string): StorageClasses {
  try {
    return parseStorageClasses(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof GatehouseError ? error.message : String(error));
  }
}
