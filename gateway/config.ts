/** The gateway's configuration file. */
import { z } from 'zod';
import { absolutePath, httpUrl, text } from './config-values.js';
import { job } from './jobs/job-config.js';
import { notifyConfig } from './notify/notify-config.js';
import { isTimeZone } from './schedule/calendar.js';
import { parseOneWay, parseTimetable } from './throttle/timetable.js';

export type { JobConfig } from './jobs/job-config.js';

export const gatewayConfig = z.strictObject({
  dataDir: absolutePath.describe(
    'Folder for the schedule, the history, unsent reports and packs on their way.',
  ),
  timeZone: z
    .string()
    .refine(isTimeZone, 'must be a time zone such as Europe/Berlin')
    .optional()
    .describe("Time zone of schedules, `Europe/Berlin`; the machine's unless told."),
  limitUpload: text(parseTimetable)
    .optional()
    .describe('All jobs together upload at most this much; as `limitUpload` of a job.'),
  limitDownload: text(parseOneWay).optional().describe('All jobs together download at most this much.'),
  yield: z
    .boolean()
    .default(false)
    .describe('All jobs fall back while others use the line, as background flows should.'),
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
  historyDays: z
    .int()
    .min(1)
    .max(36_500)
    .default(365)
    .describe('How long the history of runs is kept, days. The last run of each job always is.'),
  notify: notifyConfig.optional().describe('Who is told about failures; nobody when left out.'),
  report: z
    .strictObject({
      url: httpUrl.describe('Address of the Gatehouse backend, without path.'),
      tokenFile: absolutePath.describe("File with the backend's API token; read at every report."),
    })
    .optional()
    .describe('Backend that shows the runs; none when left out.'),
});
export type GatewayConfig = z.output<typeof gatewayConfig>;
