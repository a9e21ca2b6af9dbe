/** The command line of the original s3dump: short options before or after the words. */
import { parseArgs } from 'node:util';
import { messageOf } from '../../core/errors.js';
import { usageError } from '../exit-code.js';

const options = {
  key: { type: 'string', short: 'k' },
  host: { type: 'string', short: 'h' },
  when: { type: 'string', short: 'w' },
  quiet: { type: 'boolean', short: 'q' },
  infrequent: { type: 'boolean', short: 'i' },
  limit: { type: 'string', short: 'L' },
  file: { type: 'string', short: 'f' },
  all: { type: 'boolean', short: 'a' },
  yes: { type: 'boolean', short: 'y' },
  'plain-names': { type: 'boolean' },
  endpoint: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

export const s3dumpHelp = `Usage: gatehouse s3dump [options] COMMAND

Streams dumps to a bucket and back, as the s3dump program does. Labels are all the metadata there is.

Commands:
  dump FS LEVEL        standard input becomes an object; one part of 50 MB in memory
  restore FS LEVEL     the newest dump with these labels to standard output (also: retrieve)
  delete FS LEVEL      removes the dump of today, or of -w DATE
  list                 all dumps with sizes, and what they cost a month
  clean N              says which dumps are older than the newest N; -y deletes them, -a of all hosts
  init                 makes the bucket and tries it
  getacl FS LEVEL      the object's access control list, XML, to standard output
  putacl FS LEVEL      the same from standard input

Options:
  -k KEY               this key instead of one made of labels
  -h HOST              default: this machine's name up to the first dot
  -w DATE              default: today, YYYY-MM-DD; for restore the newest
  -q                   errors only
  -i                   store as STANDARD_IA
  -L RATE              bytes a second: 300k, 2m (SIGUSR1 halves, SIGUSR2 doubles while it runs)
  -f FILE              bucket and keys; default ~/.s3keys, then /etc/s3_keys
  -a, -y               see clean
  --plain-names        names without time and random part: the original reads them by label, but
                       whoever may write can guess and overwrite them
  --endpoint URL       S3 server when it is not AWS (or "endpoint URL" in the key file)
  --json               results as JSON
  --help               this text
`;

export type S3dumpFlags = ReturnType<typeof parse>['values'];

export interface S3dumpArguments {
  readonly flags: S3dumpFlags;
  readonly words: readonly string[];
}

/** @throws USAGE. */
export function parseS3dump(args: readonly string[]): S3dumpArguments {
  try {
    const { values, positionals } = parse(args);
    return { flags: values, words: positionals };
  } catch (error) {
    throw usageError(messageOf(error), 'See "gatehouse s3dump --help".');
  }
}

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options, allowPositionals: true });
}
