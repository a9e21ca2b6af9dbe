/**
 * Which snapshots a policy keeps, and why: restic's decisions, in a pure function. It knows nothing
 * of repositories, and of the clock only what it is told.
 */
import { periodNumber, timeBefore, type ZonedTime } from './calendar.js';
import { formatKeepDuration, isZero, type Period, periods, type RetentionPolicy } from './policy.js';

export interface Candidate extends ZonedTime {
  readonly id: string;
  readonly tags: readonly string[];
}

export interface Kept<T> {
  readonly snapshot: T;
  /** restic's words, such as `daily snapshot` or `within 7d`. */
  readonly reasons: readonly string[];
  /** What was left of each count after this snapshot; counts used up or without limit are left out. */
  readonly countsLeft: Readonly<Partial<Record<'last' | Period, number>>>;
}

export interface RetentionDecision<T> {
  /** Newest first. */
  readonly keep: readonly Kept<T>[];
  /** Newest first. */
  readonly remove: readonly T[];
}

interface Rule {
  readonly name: 'last' | Period;
  readonly left: { count: number };
  /** Equal for snapshots of which one is enough. */
  readonly numberOf: (snapshot: ZonedTime, place: number) => number;
  /** Only younger ones are looked at; undefined for all. */
  readonly after: bigint | undefined;
  readonly reason: string;
  seen: number | undefined;
}

/**
 * @param snapshots one group, in any order.
 * @param nowNs durations count back from the newest snapshot that is not in the future.
 */
export function applyPolicy<T extends Candidate>(
  snapshots: readonly T[],
  policy: RetentionPolicy,
  nowNs: bigint,
): RetentionDecision<T> {
  const sorted = [...snapshots].sort(newestFirst);
  const newest = sorted.find(({ timeNs }) => timeNs < nowNs);
  const counted = countRules(policy);
  const spans = spanRules(policy, newest);
  const oldest = policy.keepOldest === true ? sorted.at(-1) : undefined;
  const keep: Kept<T>[] = [];
  const remove: T[] = [];
  for (const [place, snapshot] of sorted.entries()) {
    const reasons = [
      ...tagReasons(snapshot, policy),
      ...withinReason(snapshot, policy, newest),
      ...counted.flatMap((rule) => consider(rule, snapshot, place, snapshot === oldest)),
      ...spans.flatMap((rule) => consider(rule, snapshot, place, false)),
    ];
    if (reasons.length === 0) remove.push(snapshot);
    else keep.push({ snapshot, reasons, countsLeft: countsLeft(counted) });
  }
  return { keep, remove };
}

function newestFirst(a: Candidate, b: Candidate): number {
  if (a.timeNs !== b.timeNs) return a.timeNs > b.timeNs ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

function countRules({ counts = {} }: RetentionPolicy): Rule[] {
  const names = ['last', ...periods] as const;
  return names
    .filter((name) => (counts[name] ?? 0) !== 0)
    .map((name) => ({
      name,
      left: { count: counts[name] ?? 0 },
      numberOf: (time, place) => (name === 'last' ? place : periodNumber(name, time)),
      after: undefined,
      reason: `${name} snapshot`,
      seen: undefined,
    }));
}

function spanRules({ withinPeriod = {} }: RetentionPolicy, newest: ZonedTime | undefined): Rule[] {
  return periods.flatMap((name) => {
    const span = withinPeriod[name];
    if (span === undefined || isZero(span)) return [];
    return {
      name,
      left: { count: -1 },
      numberOf: (time: ZonedTime) => periodNumber(name, time),
      after: newest && timeBefore(newest, span),
      reason: `${name} within ${formatKeepDuration(span)}`,
      seen: undefined,
    };
  });
}

/** The rule's reason when it keeps the snapshot; uses up its count. */
function consider(rule: Rule, snapshot: ZonedTime, place: number, isOldest: boolean): string[] {
  if (rule.left.count === 0 || (rule.after !== undefined && snapshot.timeNs <= rule.after)) return [];
  const number = rule.numberOf(snapshot, place);
  const isKnown = number === rule.seen;
  if (isKnown && !isOldest) return [];
  rule.seen = number;
  if (rule.left.count > 0) rule.left.count--;
  return [isKnown ? `oldest ${rule.reason}` : rule.reason];
}

function tagReasons({ tags }: Candidate, { tags: wanted = [] }: RetentionPolicy): string[] {
  const fits = (list: readonly string[]) =>
    list.every((tag) => tags.includes(tag)) || (tags.length === 0 && list.length === 1 && list[0] === '');
  return wanted.filter(fits).map((list) => `has tags [${list.join(', ')}]`);
}

function withinReason(
  { timeNs }: Candidate,
  { within }: RetentionPolicy,
  newest: ZonedTime | undefined,
): string[] {
  if (within === undefined || isZero(within)) return [];
  const isWithin = newest === undefined || timeNs > timeBefore(newest, within);
  return isWithin ? [`within ${formatKeepDuration(within)}`] : [];
}

function countsLeft(rules: readonly Rule[]): Kept<never>['countsLeft'] {
  return Object.fromEntries(
    rules.filter(({ left }) => left.count > 0).map(({ name, left }) => [name, left.count]),
  );
}
