/**
 * The configuration of the cloud. Every key has a default but `dataDir`; unknown keys are refused.
 * Paths are taken from the working directory; times are in the unit that the key names.
 */
import { z } from 'zod';
import { alarmRule } from '../core/wire/alarms.js';
import { functionNameOf, isLocalArn, localAccount } from './actions/arn.js';
import { functionsConfig, smtpConfig } from './actions/function-config.js';
import { artifactsConfig } from './artifacts/artifacts-config.js';
import { awsConfig } from './aws/aws-config.js';
import { projectSeeds } from './projects/shapes.js';
import { deviceTypesConfig } from './registry/device-types.js';

const port = z.int().min(0).max(65_535);
const host = z.string().min(1).max(255);

const httpConfig = z.strictObject({
  host: host
    .default('127.0.0.1')
    .describe('Address of the dashboard and the API. Other than loopback only behind a TLS proxy.'),
  port: port.default(8420).describe('Port of the dashboard and the API; 0 takes any free one.'),
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/$/, ''))
    .optional()
    .describe('Where devices reach this server for updates; by default as whoever publishes them did.'),
  allowedHosts: z
    .array(host)
    .default([])
    .describe('Further names under which browsers reach the dashboard, with the port if it is not the same.'),
});

const mqttConfig = z.strictObject({
  host: host
    .default('127.0.0.1')
    .describe('Address of the MQTT broker; "0.0.0.0" for devices on other machines (see `hostNames`).'),
  port: port.default(8883).describe('Port of the MQTT broker (TLS); 0 takes any free one.'),
  presenceWatchers: z
    .array(z.string().min(1).max(128))
    .max(100)
    .default([])
    .describe('Things that may subscribe to `$aws/events/presence/#`: who connects, who is gone and why.'),
});

const provisioningConfig = z.strictObject({
  host: host
    .default('127.0.0.1')
    .describe('Address at which devices claim their certificates; "0.0.0.0" for other machines.'),
  port: port.default(8443).describe('Port at which devices claim their certificates; 0 takes any free one.'),
});

const actionsConfig = z.strictObject({
  maxConcurrent: z.int().min(1).max(256).default(16).describe('Runs at the same time over all functions.'),
  retryDelaysMs: z
    .array(z.int().min(0).max(86_400_000))
    .max(10)
    .default([60_000, 120_000])
    .describe('Pause before the second and third attempt of a failed run, as Lambda does it.'),
});

const days = z.number().positive().max(36_500);

const telemetryConfig = z.strictObject({
  retentionDays: z
    .number()
    .positive()
    .max(36_500)
    .default(30)
    .describe('Readings, and the logs of runs, are deleted after that many days.'),
  minuteDays: days.default(400).describe('Mean, least and most per minute are kept for so long.'),
  hourDays: days.default(3_650).describe('Mean, least and most per hour are kept for so long.'),
  maxMegabytes: z
    .int()
    .min(16)
    .optional()
    .describe('When the database holds more, the oldest readings go, then the oldest sums per minute.'),
});

const historyConfig = z.strictObject({
  runDays: days
    .default(90)
    .describe(
      'Runs and workflow executions that ended so long ago are deleted; never one that is open or dead.',
    ),
  clickDays: days.default(3_650).describe('Presses are kept for so long; the count of presses for ever.'),
});

const webConfig = z.strictObject({
  directory: z
    .string()
    .min(1)
    .optional()
    .describe('The built dashboard; the one that came along by default.'),
});

const databaseConfig = z.strictObject({
  driver: z
    .enum(['sqlite3', 'node:sqlite', 'wasm'])
    .optional()
    .describe('SQLite driver; the best one that runs here by default.'),
});

const oneClickConfig = z.strictObject({
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,63}$/)
    .default('us-west-2')
    .describe('Region that ARNs and events name; clients may sign for any.'),
  account: z
    .string()
    .regex(/^\d{12}$/)
    .default(localAccount)
    .describe('Account number that ARNs name.'),
});

export const cloudConfig = z
  .strictObject({
    dataDir: z.string().min(1).describe('Folder for database, keys and token; for this program alone.'),
    http: httpConfig.default(httpConfig.parse({})).describe('Dashboard and API.'),
    mqtt: mqttConfig.default(mqttConfig.parse({})).describe('MQTT broker for devices.'),
    provisioning: provisioningConfig
      .default(provisioningConfig.parse({}))
      .describe('Where devices claim certificates.'),
    hostNames: z
      .array(host)
      .max(50)
      .default([])
      .describe('Names and addresses of this machine as devices use them; the first goes into claim tokens.'),
    smtp: smtpConfig.optional().describe('Mail server for functions of kind "email".'),
    functions: functionsConfig.default({}).describe('What can run for a click, by name.'),
    actions: actionsConfig.default(actionsConfig.parse({})).describe('How functions are run.'),
    aws: awsConfig
      .optional()
      .describe('When given, even as {}, ARNs of AWS (Lambda, SNS, SQS) can be called without a function.'),
    artifacts: artifactsConfig
      .default(artifactsConfig.parse({}))
      .describe('Buckets of S3, or of what speaks it, that devices download from (docs/fleet.md).'),
    oneClick: oneClickConfig
      .default(oneClickConfig.parse({}))
      .describe('The API of AWS IoT 1-Click (docs/oneclick.md).'),
    deviceTypes: deviceTypesConfig.describe('Device types beside the built-in ones, or instead of them.'),
    projects: projectSeeds.describe('Projects and placements to set up at every start.'),
    alarms: z
      .array(alarmRule)
      .max(1_000)
      .default([])
      .describe('Alarm rules to set up at every start; see docs/alarms.md.'),
    telemetry: telemetryConfig.default(telemetryConfig.parse({})).describe('Sensor readings.'),
    history: historyConfig.default(historyConfig.parse({})).describe('What became of presses.'),
    web: webConfig.default(webConfig.parse({})).describe('Files of the dashboard.'),
    database: databaseConfig.default(databaseConfig.parse({})).describe('The SQLite database.'),
  })
  .superRefine((config, context) => {
    for (const [name, settings] of Object.entries(config.functions)) {
      if (settings.kind === 'email' && config.smtp === undefined) {
        context.addIssue({ code: 'custom', path: ['functions', name], message: 'needs "smtp"' });
      }
    }
    for (const { path, functionName } of localCallbacks(config.projects)) {
      if (config.functions[functionName] === undefined) {
        const message = `there is no function "${functionName}" under "functions"`;
        context.addIssue({ code: 'custom', path, message });
      }
    }
  });
export type CloudConfig = z.output<typeof cloudConfig>;

interface LocalCallback {
  readonly path: (string | number)[];
  readonly functionName: string;
}

/** Callbacks that name a function of ours; those of AWS are none of this file's business. */
function localCallbacks(projects: z.output<typeof projectSeeds>): LocalCallback[] {
  return projects.flatMap((project, index) =>
    Object.entries(project.placementTemplate.deviceTemplates).flatMap(([template, { callbackOverrides }]) => {
      const arn = callbackOverrides['onClickCallback'] ?? '';
      const functionName = functionNameOf(arn);
      if (functionName === undefined || !isLocalArn(arn)) return [];
      const path = ['projects', index, 'placementTemplate', 'deviceTemplates', template, 'callbackOverrides'];
      return [{ path, functionName }];
    }),
  );
}
