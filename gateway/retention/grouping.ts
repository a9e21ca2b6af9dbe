/** Snapshots in groups, to each of which a policy is applied by itself. */
import { groupingMalformed } from './errors.js';

export interface Grouping {
  readonly host: boolean;
  readonly paths: boolean;
  readonly tags: boolean;
}

export interface Group<T> {
  /** Empty when not grouped by hosts; likewise the others are undefined. */
  readonly host: string;
  readonly paths: readonly string[] | undefined;
  readonly tags: readonly string[] | undefined;
  readonly snapshots: readonly T[];
}

interface Groupable {
  readonly hostname: string;
  readonly paths: readonly string[];
  readonly tags: readonly string[];
}

/** `host,paths` and the like; `path` and `tag` count too. @throws GROUPING_MALFORMED. */
export function parseGrouping(text: string): Grouping {
  const words = text.split(',').map((word) => word.trim());
  const known = ['', 'host', 'path', 'paths', 'tag', 'tags'];
  if (words.some((word) => !known.includes(word))) throw groupingMalformed(text);
  const has = (word: string) => words.includes(word) || words.includes(`${word}s`);
  return { host: words.includes('host'), paths: has('path'), tags: has('tag') };
}

/** Groups in the order of host, paths, tags; snapshots keep their order. */
export function groupSnapshots<T extends Groupable>(snapshots: readonly T[], by: Grouping): Group<T>[] {
  const groups = new Map<string, Group<T> & { readonly snapshots: T[] }>();
  for (const snapshot of snapshots) {
    const host = by.host ? snapshot.hostname : '';
    const paths = by.paths ? [...snapshot.paths].sort() : undefined;
    const tags = by.tags ? [...snapshot.tags].sort() : undefined;
    const name = JSON.stringify([host, paths ?? null, tags ?? null]);
    const group = groups.get(name) ?? { host, paths, tags, snapshots: [] };
    group.snapshots.push(snapshot);
    groups.set(name, group);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
