/** From what somebody typed to the id of a file. */
import { fileAmbiguous, fileUnknown } from '../errors.js';
import type { Repository } from '../repository/repository.js';
import type { CallOptions, FileKind } from '../repository/types.js';

/** The one file whose id begins with `prefix`. @throws FILE_UNKNOWN, FILE_AMBIGUOUS. */
export async function resolveFileId(
  repository: Repository,
  kind: FileKind,
  prefix: string,
  options?: CallOptions,
): Promise<string> {
  const wanted = prefix.toLowerCase();
  let found: string | undefined;
  for await (const { id } of repository.listFiles(kind, options)) {
    if (wanted === '' || !id.startsWith(wanted)) continue;
    if (found !== undefined) throw fileAmbiguous(kind, prefix);
    found = id;
  }
  if (found === undefined) throw fileUnknown(kind, prefix);
  return found;
}
