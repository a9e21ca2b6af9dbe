/** The turns of the configured jobs: of each its backups, and its verifications and prunes apart. */
import { hostname } from 'node:os';
import type { GatewayConfig, JobConfig } from '../config.js';
import { parseDuration } from '../schedule/duration.js';
import { stableDelayMs } from '../schedule/jitter.js';
import type { ScheduledJob } from '../schedule/schedule.js';
import { delayed, noTurns, type Turns } from '../schedule/turns.js';
import { parseWhen } from '../schedule/when.js';
import type { JobRunner } from './job-runner.js';
import type { RunKind } from './run-record.js';

const manual = 'by hand';

/** As the schedule knows it. Job names hold no space. */
export function entryName(job: string, kind: RunKind): string {
  return kind === 'backup' ? job : `${job} ${kind}`;
}

/** When the job backs up, as the configuration says it. */
export function whenOf(job: JobConfig): string {
  return job.schedule ?? job.every ?? manual;
}

/** Which kinds of runs the job has. */
export function kindsOf(job: JobConfig): RunKind[] {
  return (['backup', 'verify', 'prune'] as const).filter((kind) => timesOf(job)[kind] !== undefined);
}

function timesOf(job: JobConfig): Readonly<Record<RunKind, string | undefined>> {
  return { backup: whenOf(job), verify: job.verify?.every, prune: job.pruneEvery };
}

export function scheduledJobs(config: GatewayConfig, runner: JobRunner): ScheduledJob[] {
  return config.jobs.flatMap((job) =>
    kindsOf(job).map((kind) => {
      const name = entryName(job.name, kind);
      const when = timesOf(job)[kind] ?? manual;
      return {
        name,
        when: [when, job.randomDelay, config.timeZone].filter((part) => part !== undefined).join(' | '),
        turns: turnsOf(when, name, job.randomDelay, config.timeZone),
        run: (signal: AbortSignal, runId: string) => runner.run(job, kind, signal, runId),
      };
    }),
  );
}

function turnsOf(when: string, name: string, randomDelay: string | undefined, timeZone?: string): Turns {
  if (when === manual) return noTurns;
  const turns = parseWhen(when, timeZone);
  if (randomDelay === undefined) return turns;
  return delayed(turns, stableDelayMs(hostname(), name, parseDuration(randomDelay)));
}
