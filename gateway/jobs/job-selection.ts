/** What a job leaves out, from its configuration; pattern files are read at every run. */
import { readFile } from 'node:fs/promises';
import { GatehouseError, messageOf } from '../../core/errors.js';
import { parseSize } from '../commands/prune-limits.js';
import type { JobConfig } from '../config.js';
import { patternsOfFile } from '../files/patterns.js';
import type { FolderMarker, SelectionOptions } from '../files/selection.js';

/** @throws EXCLUDE_FILE. */
export async function selectionOf(job: JobConfig): Promise<SelectionOptions> {
  const { excludeCaches, oneFileSystem, excludeLargerThan } = job;
  return {
    excludes: [...job.excludes, ...(await patternsOf(job.excludeFiles))],
    insensitiveExcludes: [...job.iexcludes, ...(await patternsOf(job.iexcludeFiles))],
    excludeIfPresent: job.excludeIfPresent.map(markerOf),
    ...(excludeLargerThan === undefined ? {} : { excludeLargerThan: parseSize(excludeLargerThan) }),
    excludeCaches,
    oneFileSystem,
  };
}

/** `FILE` or `FILE:HEADER`. */
function markerOf(text: string): FolderMarker {
  const colon = text.indexOf(':');
  return colon < 0
    ? { fileName: text, header: '' }
    : { fileName: text.slice(0, colon), header: text.slice(colon + 1) };
}

async function patternsOf(files: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(
    files.map(async (file) => patternsOfFile(await readFile(file, 'utf8').catch(refuse(file)), process.env)),
  );
  return lists.flat();
}

/** A file with patterns cannot be read. The user mends the path or its permissions. */
function refuse(file: string) {
  return (cause: unknown): never => {
    throw new GatehouseError('EXCLUDE_FILE', `Cannot read the exclude file ${file}: ${messageOf(cause)}.`, {
      cause,
      context: { file },
      hint: 'Check the path and that this user may read it.',
    });
  };
}
