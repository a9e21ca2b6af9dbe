/** The dumps of a bucket, put together from its listing, whatever their layout. */
import type { Bucket, BucketEntry, CallOptions } from '../bucket/bucket.js';
import { dumpIncomplete, dumpUnknown } from './errors.js';
import { formatLabels, isOfDate, type Labels, type Layout, parseKey } from './labels.js';

export interface Piece extends BucketEntry {
  readonly number: number;
}

export interface Dump {
  readonly labels: Labels;
  readonly layout: Layout;
  readonly sizeBytes: number;
  /** In the order of their numbers. */
  readonly pieces: readonly Piece[];
}

export interface Catalogue {
  /** By host, file system, level and date. */
  readonly dumps: readonly Dump[];
  /** Objects that are no dumps. */
  readonly others: readonly BucketEntry[];
}

export async function readCatalogue(bucket: Bucket, options: CallOptions = {}): Promise<Catalogue> {
  const groups = new Map<string, { labels: Labels; layout: Layout; pieces: Piece[] }>();
  const others: BucketEntry[] = [];
  for await (const entry of bucket.list('', options)) {
    const parsed = parseKey(entry.key);
    if (parsed === undefined) {
      others.push(entry);
      continue;
    }
    const name = `${formatLabels(parsed.labels)} ${parsed.layout}`;
    const group = groups.get(name) ?? { labels: parsed.labels, layout: parsed.layout, pieces: [] };
    group.pieces.push({ ...entry, number: parsed.piece });
    groups.set(name, group);
  }
  const dumps = [...groups.values()].map(({ labels, layout, pieces }) => ({
    labels,
    layout,
    pieces: pieces.sort((a, b) => a.number - b.number),
    sizeBytes: pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }));
  return { dumps: dumps.sort(inOrder), others };
}

/** Dumps with these labels, oldest first; `date` may be a day or a full date. */
export function dumpsOf(
  { dumps }: Catalogue,
  wanted: Omit<Labels, 'date'> & { readonly date?: string | undefined },
): readonly Dump[] {
  return dumps.filter(
    ({ labels }) =>
      labels.host === wanted.host &&
      labels.fs === wanted.fs &&
      labels.level === wanted.level &&
      (wanted.date === undefined || isOfDate(labels.date, wanted.date)),
  );
}

/** @throws DUMP_UNKNOWN. */
export function newestOf(
  catalogue: Catalogue,
  wanted: Omit<Labels, 'date'> & { readonly date?: string | undefined },
): Dump {
  const newest = dumpsOf(catalogue, wanted).at(-1);
  if (newest === undefined) throw dumpUnknown(formatLabels({ ...wanted, date: wanted.date ?? '*' }));
  return newest;
}

/** Keys to be read one after the other. @throws DUMP_INCOMPLETE when a number is left out. */
export function keysOf({ labels, pieces }: Dump): readonly string[] {
  const gap = pieces.findIndex(({ number }, at) => number !== at);
  if (gap >= 0) throw dumpIncomplete(formatLabels(labels), gap);
  return pieces.map(({ key }) => key);
}

/** Which dumps are older than the newest `keep` of their host, file system and level. */
export function outdated(dumps: readonly Dump[], keep: number): readonly Dump[] {
  const groups = new Map<string, Dump[]>();
  for (const dump of dumps) {
    const { host, fs, level } = dump.labels;
    const group = groups.get(`${host}:${fs}:${level}`) ?? [];
    groups.set(`${host}:${fs}:${level}`, [...group, dump]);
  }
  return [...groups.values()].flatMap((group) => group.slice(0, Math.max(0, group.length - keep)));
}

function inOrder(a: Dump, b: Dump): number {
  const names = (dump: Dump) => [dump.labels.host, dump.labels.fs, dump.labels.level, dump.labels.date];
  const [left, right] = [names(a), names(b)];
  for (const [at, name] of left.entries()) {
    const other = right[at] ?? '';
    if (name !== other) return name < other ? -1 : 1;
  }
  return 0;
}
