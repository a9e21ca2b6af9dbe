/** What a retention policy may say, in restic's terms: counts, durations and tags. */
import { keepDurationMalformed } from './errors.js';

/** A span of the calendar: months and years have no fixed length. */
export interface KeepDuration {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
}

export const periods = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export type Period = (typeof periods)[number];

/** Everything is optional; a snapshot stays when any rule keeps it. */
export interface RetentionPolicy {
  /** How many to keep; -1 for all. */
  readonly counts?: Readonly<Partial<Record<'last' | Period, number>>>;
  /** All that are younger, counted back from the newest snapshot. */
  readonly within?: KeepDuration;
  /** One per period among those that are younger. */
  readonly withinPeriod?: Readonly<Partial<Record<Period, KeepDuration>>>;
  /** Each entry is a list of tags that a snapshot must all have; an empty text stands for no tags. */
  readonly tags?: readonly (readonly string[])[];
  /**
   * Keep the oldest snapshot too while a count is not used up, as restic does since 0.16: the
   * history then reaches back as far as it can. False is what older ones do.
   */
  readonly keepOldest?: boolean;
}

/** True when the policy keeps nothing, so that it would remove everything. */
export function isEmptyPolicy({
  counts = {},
  within,
  withinPeriod = {},
  tags = [],
}: RetentionPolicy): boolean {
  const counted = Object.values(counts).some((count) => count !== 0);
  const spans = [within, ...Object.values(withinPeriod)];
  return !counted && tags.length === 0 && spans.every((span) => span === undefined || isZero(span));
}

export function isZero({ years, months, days, hours }: KeepDuration): boolean {
  return years === 0 && months === 0 && days === 0 && hours === 0;
}

const units = { y: 'years', m: 'months', d: 'days', h: 'hours' } as const;

/** `2y5m7d3h`, units in any order. @throws KEEP_DURATION_MALFORMED. */
export function parseKeepDuration(text: string): KeepDuration {
  if (!/^(\d{1,9}[ymdh])+$/.test(text)) throw keepDurationMalformed(text);
  const duration = { years: 0, months: 0, days: 0, hours: 0 };
  for (const [, digits, unit] of text.matchAll(/(\d+)([ymdh])/g)) {
    duration[units[unit as keyof typeof units]] = Number(digits);
  }
  return duration;
}

/** As restic shows it in reasons; zero parts are left out. */
export function formatKeepDuration({ years, months, days, hours }: KeepDuration): string {
  const parts: readonly [number, string][] = [
    [years, 'y'],
    [months, 'm'],
    [days, 'd'],
    [hours, 'h'],
  ];
  return parts.map(([value, unit]) => (value === 0 ? '' : `${value}${unit}`)).join('');
}
