/** What can go wrong with dumps in a bucket. */
import { GatehouseError, messageOf } from '../../core/errors.js';

/** A label has a character that would be taken for a separator. The user changes it. */
export function labelInvalid(what: string, text: string, refused: string): GatehouseError {
  return new GatehouseError('LABEL_INVALID', `The ${what} "${text}" is empty or contains ${refused}.`, {
    context: { what, text },
    hint: `Choose a ${what} without it.`,
  });
}

/** No dump has these labels. The user looks at the list. */
export function dumpUnknown(labels: string): GatehouseError {
  return new GatehouseError('DUMP_UNKNOWN', `There is no dump ${labels}.`, {
    context: { labels },
    hint: 'See "gatehouse s3dump list"; -h names another host, -w another date.',
  });
}

/** Several dumps have these labels, and the command is for one. The user names it in full. */
export function dumpAmbiguous(labels: string, dates: readonly string[]): GatehouseError {
  return new GatehouseError('DUMP_AMBIGUOUS', `There are ${dates.length} dumps ${labels}.`, {
    context: { labels, dates: dates.join(' ') },
    hint: `Name one with -w: ${dates.join(', ')}.`,
  });
}

/** Pieces of a dump are missing. What is left is no dump; the user looks for the pieces. */
export function dumpIncomplete(labels: string, missing: number): GatehouseError {
  return new GatehouseError('DUMP_INCOMPLETE', `The dump ${labels} lacks its piece ${missing}.`, {
    context: { labels, missing },
    hint: 'Restore an older dump with -w, or the missing object from the versions of the bucket.',
  });
}

/** The key file cannot be read or lacks something. The user mends it. */
export function keyFileInvalid(filePath: string, problem: string, cause?: unknown): GatehouseError {
  const because = cause === undefined ? '' : `: ${messageOf(cause)}`;
  return new GatehouseError('KEY_FILE', `${filePath}: ${problem}${because}.`, {
    context: { filePath },
    cause,
    hint: 'It has one pair a line: service s3, region, bucket_name, access_key_id, secret_access_key; -f names another file.',
  });
}

/** The bucket took an object and did not give it back unchanged, or cannot delete. The user checks rights. */
export function bucketUnfit(location: string, problem: string): GatehouseError {
  return new GatehouseError('BUCKET_UNFIT', `${location} cannot hold dumps: ${problem}.`, {
    context: { location },
    hint: 'Check what these keys may do in the bucket: list, read, write and delete objects.',
  });
}
