/** The gateway's configuration file. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { GatehouseError } from '../core/errors.js';
import { parseLocation } from './bucket/location.js';
import { parseEvery } from './schedule/every.js';
import { parseRate } from './throttle/rate.js';

/** A text that `parse` understands; it stays as text, so that it is shown as it was written. */
function text(parse: (value: string) => unknown) {
  return z.string().superRefine((value, context) => {
    try {
      parse(value);
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      context.addIssue({ code: 'custom', message: [error.message, error.hint].filter(Boolean).join(' ') });
    }
  });
}

const absolutePath = z.string().refine((path) => isAbsolute(path), 'must be an absolute path');
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' });

const jobConfig = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, - and _ only, 1 to 64 of them')
    .describe('Name of the job: letters, digits, `-` and `_`. The dashboard shows it.'),
  paths: z.array(absolutePath).min(1).max(100).describe('Absolute paths of files and folders to back up.'),
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
  every: text(parseEvery).describe('How often: `15m`, `1h`, `2d`, or `daily 02:30` in local time.'),
  limitUpload: text(parseRate)
    .optional()
    .describe('Upload at most this much: `300k`, `2M` per second; a plain number is KiB/s.'),
  limitDownload: text(parseRate).optional().describe('Download at most this much.'),
  excludes: z
    .array(z.string().min(1).max(4_096))
    .max(1_000)
    .default([])
    .describe("Patterns of files to leave out, as restic's `--exclude`."),
});
export type JobConfig = z.output<typeof jobConfig>;

const job = jobConfig.refine(
  (value) => (value.accessKeyIdFile === undefined) === (value.secretAccessKeyFile === undefined),
  { message: 'accessKeyIdFile and secretAccessKeyFile go together', path: ['accessKeyIdFile'] },
);

export const gatewayConfig = z.strictObject({
  dataDir: absolutePath.describe('Folder for the schedule, unsent reports and packs on their way.'),
  jobs: z
    .array(job)
    .max(100)
    .default([])
    .superRefine((jobs, context) => {
      const names = jobs.map(({ name }) => name);
      for (const [at, name] of names.entries()) {
        if (names.indexOf(name) === at) continue;
        context.addIssue({ code: 'custom', path: [at, 'name'], message: `the name "${name}" is taken` });
      }
    })
    .describe('Backup jobs.'),
  report: z
    .strictObject({
      url: httpUrl.describe('Address of the Gatehouse backend, without path.'),
      tokenFile: absolutePath.describe("File with the backend's API token; read at every report."),
    })
    .optional()
    .describe('Backend that shows the runs; none when left out.'),
});
export type GatewayConfig = z.output<typeof gatewayConfig>;
