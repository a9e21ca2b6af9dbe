/**
 * Storage classes by what an object is for, as people write them: `data=GLACIER_IR,metadata=STANDARD`.
 * Metadata (config, keys, locks, snapshots, index, packs of trees) is read at every run and must be
 * readable at once; packs of file contents are read for a restore only.
 */
import { GatehouseError } from '../../core/errors.js';
import type { StorageClasses } from './s3-connection.js';

/** Classes whose objects must be thawed before they are read. */
export const archiveClasses = ['GLACIER', 'DEEP_ARCHIVE'] as const;
export type ArchiveClass = (typeof archiveClasses)[number];

const kinds: Readonly<Record<string, 'hot' | 'cold'>> = { data: 'cold', metadata: 'hot' };

export function isArchiveClass(name: string | undefined): name is ArchiveClass {
  return archiveClasses.some((archive) => archive === name);
}

/** A class without a kind is for data. @throws STORAGE_CLASS_MALFORMED. */
export function parseStorageClasses(text: string): StorageClasses {
  const classes: { hot?: string; cold?: string } = {};
  for (const part of text.split(',')) {
    const [, kind = 'data', name = ''] = /^(?:([a-z]+)=)?([A-Za-z0-9_-]+)$/.exec(part.trim()) ?? [];
    const use = kinds[kind];
    if (name === '' || use === undefined) throw malformed(text, 'write data=CLASS,metadata=CLASS');
    if (classes[use] !== undefined) throw malformed(text, `${kind} has two classes`);
    classes[use] = name.toUpperCase();
  }
  if (isArchiveClass(classes.hot)) throw malformed(text, 'metadata cannot be archived, every run reads it');
  return classes;
}

/** Raised for storage classes that cannot be read or would lock the repository up; the user writes them as the hint shows. */
function malformed(text: string, problem: string): GatehouseError {
  return new GatehouseError('STORAGE_CLASS_MALFORMED', `"${text}" names no storage classes: ${problem}.`, {
    context: { text },
    hint: 'For instance data=GLACIER_IR,metadata=STANDARD; DEEP_ARCHIVE needs hours before a restore.',
  });
}
