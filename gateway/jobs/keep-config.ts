/** Which snapshots of a job are kept, as `forget` understands it. */
import { z } from 'zod';
import { text } from '../config-values.js';
import {
  type KeepDuration,
  type Period,
  parseKeepDuration,
  periods,
  type RetentionPolicy,
} from '../retention/policy.js';

const unitsOf: Readonly<Record<Period, string>> = {
  hourly: 'hours',
  daily: 'days',
  weekly: 'weeks',
  monthly: 'months',
  yearly: 'years',
};

const count = z.int().min(1).max(1_000_000).optional();

function countOf(period: Period) {
  return count.describe(`One snapshot of each of the newest so many ${unitsOf[period]} that have any.`);
}

function withinOf(period: Period) {
  return text(parseKeepDuration)
    .optional()
    .describe(`One snapshot for each of the ${unitsOf[period]} within this time before the newest.`);
}

export const keepConfig = z
  .strictObject({
    last: count.describe('The newest so many.'),
    hourly: countOf('hourly'),
    daily: countOf('daily'),
    weekly: countOf('weekly'),
    monthly: countOf('monthly'),
    yearly: countOf('yearly'),
    within: text(parseKeepDuration)
      .optional()
      .describe('All that are younger than this, counted from the newest: `14d`, `1y6m`.'),
    withinHourly: withinOf('hourly'),
    withinDaily: withinOf('daily'),
    withinWeekly: withinOf('weekly'),
    withinMonthly: withinOf('monthly'),
    withinYearly: withinOf('yearly'),
    tags: z
      .array(z.string().min(1).max(256))
      .max(100)
      .optional()
      .describe('All with one of these tags; `a,b` asks for both.'),
  })
  .refine((keep) => Object.values(keep).some((value) => value !== undefined), 'say what to keep');
export type KeepConfig = z.output<typeof keepConfig>;

export function policyOf(keep: KeepConfig): RetentionPolicy {
  const counts: Partial<Record<'last' | Period, number>> = {};
  const withinPeriod: Partial<Record<Period, KeepDuration>> = {};
  if (keep.last !== undefined) counts.last = keep.last;
  for (const period of periods) {
    const many = keep[period];
    if (many !== undefined) counts[period] = many;
    const span = keep[withinKeys[period]];
    if (span !== undefined) withinPeriod[period] = parseKeepDuration(span);
  }
  return {
    counts,
    withinPeriod,
    ...(keep.within === undefined ? {} : { within: parseKeepDuration(keep.within) }),
    tags: (keep.tags ?? []).map((list) => list.split(',').map((tag) => tag.trim())),
    keepOldest: true,
  };
}

const withinKeys = {
  hourly: 'withinHourly',
  daily: 'withinDaily',
  weekly: 'withinWeekly',
  monthly: 'withinMonthly',
  yearly: 'withinYearly',
} as const;
