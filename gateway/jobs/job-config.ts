/** One backup job of the configuration: what, where to, when, and what else belongs to it. */
import { z } from 'zod';
import { parseLocation } from '../bucket/location.js';
import { parseStorageClasses } from '../bucket/storage-class.js';
import { parseSubset } from '../commands/check-subset.js';
import { parseSize } from '../commands/prune-limits.js';
import { absolutePath, duration, httpUrl, text } from '../config-values.js';
import { parseEvery } from '../schedule/every.js';
import { parseWhen } from '../schedule/when.js';
import { parseOneWay, parseTimetable } from '../throttle/timetable.js';
import { hookConfig, stdinCommandConfig } from './hook-config.js';
import { keepConfig } from './keep-config.js';

const when = text((value) => parseWhen(value));
const patterns = z.array(z.string().min(1).max(4_096)).max(1_000).default([]);

const patternFiles = z.array(absolutePath).max(100).default([]);

const sourceKeys = {
  paths: z
    .array(absolutePath)
    .max(100)
    .default([])
    .describe('Absolute paths of files and folders to back up.'),
  stdinCommand: stdinCommandConfig
    .optional()
    .describe(
      'Instead of `paths`: what this command prints becomes a file in the snapshot. If it fails, there is no snapshot.',
    ),
  excludes: patterns.describe("Patterns of files to leave out, as restic's `--exclude`."),
  iexcludes: patterns.describe('The same, where upper and lower case are one.'),
  excludeFiles: patternFiles.describe('Files with such patterns, one per line; read at every run.'),
  iexcludeFiles: patternFiles.describe('The same for `iexcludes`.'),
  excludeIfPresent: z
    .array(
      z
        .string()
        .regex(
          /^[^/:\0]{1,255}(:|$)/,
          'the name of a file, without folders, and after a colon how it begins',
        ),
    )
    .max(100)
    .default([])
    .describe('Leave out folders that hold a file of this name: `.nobackup`, or `NAME:HOW IT BEGINS`.'),
  excludeLargerThan: text(parseSize).optional().describe('Leave out files larger than this: `500M`, `4G`.'),
  excludeCaches: z.boolean().default(false).describe('Leave out folders marked with `CACHEDIR.TAG`.'),
  oneFileSystem: z.boolean().default(false).describe('Stay on the file systems of the given paths.'),
  journal: z
    .boolean()
    .default(true)
    .describe(
      'Record what changes while the gateway runs (Linux, needs koffi), so that a run visits only that. Changes through a memory map of a file that was closed are found by the next full walk only.',
    ),
  fullWalkEvery: duration.default('1d').describe('With the journal: look at every file at least this often.'),
  tags: z.array(z.string().min(1).max(256)).max(100).default([]).describe('Tags of the snapshots.'),
  host: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe("Host name in the snapshots; this machine's unless told."),
};

const placeKeys = {
  repository: text(parseLocation).describe(
    'Where the backup goes: `s3://bucket/prefix`, `s3:https://host/bucket/prefix`, `file:///path` or a path. Created at the first run.',
  ),
  endpoint: httpUrl.optional().describe('S3 server when it is not AWS, `https://host:port`.'),
  region: z.string().min(1).optional().describe('S3 region.'),
  accessKeyIdFile: absolutePath
    .optional()
    .describe('File with the S3 access key id; without it the AWS environment and `~/.aws` are asked.'),
  secretAccessKeyFile: absolutePath.optional().describe('File with the S3 secret access key.'),
  passwordFile: absolutePath.describe('File with the repository password; one line ending is ignored.'),
  objectLock: z
    .strictObject({
      mode: z
        .enum(['governance', 'compliance'])
        .describe('`compliance`: nobody at all can delete before; `governance`: the maintenance keys can.'),
      days: z.int().min(1).max(3_650).default(30).describe('For how many days.'),
    })
    .optional()
    .describe(
      'Lock what is written in a bucket made with Object Lock, and keep it locked while a snapshot needs it.',
    ),
  storageClass: text(parseStorageClasses)
    .optional()
    .describe('S3 storage classes of what is written: `data=GLACIER_IR,metadata=STANDARD`.'),
  limitUpload: text(parseTimetable)
    .optional()
    .describe(
      'Upload at most this much: `300k`, `2M` per second (a plain number is KiB/s), `10M:1M` for both directions, or by weekday and hour: `08:00,512k 23:00,off`.',
    ),
  limitDownload: text(parseOneWay).optional().describe('Download at most this much.'),
  yield: z
    .boolean()
    .default(false)
    .describe('Fall back while others use the line: when round trips to the bucket grow.'),
};

const timeKeys = {
  every: text(parseEvery)
    .optional()
    .describe(
      'How often: `15m`, `1h`, `2d`, or `daily 02:30` in local time. Without it and `schedule` the job runs by hand only.',
    ),
  schedule: when
    .optional()
    .describe(
      'When: cron fields (`30 2 * * Mon-Fri`) or calendar words (`Mon..Fri 02:30`, `weekly`, `*-*-01 03:00`). A missed turn is made up for once.',
    ),
  randomDelay: duration
    .optional()
    .describe('Put every turn off by up to so long (`10m`), by an amount that stays the same for this job.'),
  staleAfter: duration.optional().describe('Notify when no run has succeeded for so long: `2d`.'),
};

const followUpKeys = {
  before: z.array(hookConfig).max(20).default([]).describe('Commands before each run, in order.'),
  after: z
    .array(hookConfig)
    .max(20)
    .default([])
    .describe('Commands after each run, in order, also when it failed.'),
  keep: keepConfig
    .optional()
    .describe(
      'After a run that succeeded, forget the snapshots of this job that no rule keeps; all are kept when left out.',
    ),
  pruneEvery: when
    .optional()
    .describe(
      'When data that no snapshot needs is removed: as `schedule`, or an interval such as `7d`. Never when left out.',
    ),
  verify: z
    .strictObject({
      every: when.describe('When: as `schedule`, or an interval such as `1d`.'),
      part: z
        .string()
        .regex(/^1\/\d{1,3}$/, 'write 1/n, such as 1/30')
        .pipe(text(parseSubset))
        .default('1/30')
        .describe(
          'How much of the data is read each time, at least `1/256`; parts follow one another until all was read.',
        ),
    })
    .optional()
    .describe('Proves the repository, reading a part of its data back each time.'),
};

export const jobConfig = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, - and _ only, 1 to 64 of them')
    .describe('Name of the job: letters, digits, `-` and `_`. The dashboard shows it.'),
  ...sourceKeys,
  ...placeKeys,
  ...timeKeys,
  ...followUpKeys,
});
export type JobConfig = z.output<typeof jobConfig>;

export const job = jobConfig.superRefine((value, context) => {
  const refuse = (key: keyof JobConfig, message: string) =>
    context.addIssue({ code: 'custom', path: [key], message });
  if ((value.accessKeyIdFile === undefined) !== (value.secretAccessKeyFile === undefined)) {
    refuse('accessKeyIdFile', 'accessKeyIdFile and secretAccessKeyFile go together');
  }
  if (value.paths.length === 0 && value.stdinCommand === undefined) {
    refuse('paths', 'name at least one path, or give stdinCommand');
  }
  if (value.paths.length > 0 && value.stdinCommand !== undefined) {
    refuse('stdinCommand', 'goes without paths: make it a job of its own');
  }
  if (value.every !== undefined && value.schedule !== undefined) {
    refuse('schedule', 'give either every or schedule');
  }
});

/** What the job backs up, as it stands in snapshots and reports. */
export function sourcesOf({ paths, stdinCommand }: JobConfig): string[] {
  return stdinCommand === undefined ? [...paths] : [`/${stdinCommand.fileName}`];
}
