/** Commands that a job runs: hooks before and after, and one whose output is the backup. */
import { z } from 'zod';
import { duration } from '../config-values.js';

const commandKeys = {
  command: z
    .array(z.string().max(100_000))
    .min(1)
    .max(1_000)
    .describe('Program and arguments, one text each; no shell reads them. For one: `["sh", "-c", "…"]`.'),
  timeLimit: duration
    .default('1h')
    .describe('Ended with everything it started after so long: `30s`, `10m`, `2h`.'),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string())
    .default({})
    .describe('Environment variables besides those of the gateway and `GATEHOUSE_…`.'),
};

export const hookConfig = z.strictObject({
  ...commandKeys,
  onFailure: z
    .enum(['fail', 'continue'])
    .default('fail')
    .describe(
      'What a failure does: `fail` fails the run (a failing `before` hook keeps it from starting), `continue` only notes it.',
    ),
});
export type HookConfig = z.output<typeof hookConfig>;

export const stdinCommandConfig = z.strictObject({
  ...commandKeys,
  fileName: z
    .string()
    .regex(/^(?!\.{0,2}(\/|$))[^\0]{1,255}$/, 'a name or relative path, not empty, . or ..')
    .describe('Its name in the snapshot, such as `all-databases.sql`.'),
});
export type StdinCommandConfig = z.output<typeof stdinCommandConfig>;
