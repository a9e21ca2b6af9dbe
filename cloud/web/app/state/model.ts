/**
 * What the page knows, and how an event changes it. Pure: the same state and event always give the
 * same next state, and members that an event does not touch keep their identity.
 */
import type { AlarmRuleView, AlarmView } from '../../../../core/wire/alarms.js';
import type {
  ClickView,
  Overview,
  RunView,
  SeriesView,
  StreamEvent,
  ThingView,
} from '../../../../core/wire/api.js';
import type { BackupJobView, BackupReport } from '../../../../core/wire/backups.js';
import type { JobView } from '../../../../core/wire/jobs.js';
import type { ExecutionView } from '../../../../core/wire/workflows.js';

export type ConnectionState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'live' }
  /** `retryAtMs` is null while an attempt is under way. */
  | { readonly kind: 'lost'; readonly retryAtMs: number | null; readonly sentence: string }
  | { readonly kind: 'signed-out' };

export interface Data {
  /** How often everything was loaded; 0 before the first time. */
  readonly loads: number;
  readonly version: string;
  readonly startedAt: string;
  readonly things: readonly ThingView[];
  /** How many there are; `things` may be the first of them only. */
  readonly thingsTotal: number;
  /** Newest first. */
  readonly clicks: readonly ClickView[];
  /** False when the backend has older clicks than the oldest one here. */
  readonly clicksComplete: boolean;
  readonly runs: readonly RunView[];
  readonly series: readonly SeriesView[];
  readonly backups: readonly BackupJobView[];
  /** Those that moved since everything was loaded, the newest move first. */
  readonly executions: readonly ExecutionView[];
  /** As `executions`. */
  readonly jobs: readonly JobView[];
  /** Those that are not OK, and others that changed while the page was open. */
  readonly alarms: readonly AlarmView[];
  readonly alarmRules: readonly AlarmRuleView[];
}

export interface Loaded {
  readonly overview: Overview;
  readonly clicks: readonly ClickView[];
  readonly runs: readonly RunView[];
  readonly series: readonly SeriesView[];
  readonly alarms: readonly AlarmView[];
  readonly alarmRules: readonly AlarmRuleView[];
}

/** How many clicks and runs are asked for, and how many are kept while the page stays open. */
export const loadLimit = 200;
const keepLimit = 500;
const historyLimit = 30;

export const noData: Data = {
  loads: 0,
  version: '',
  startedAt: '',
  things: [],
  thingsTotal: 0,
  clicks: [],
  clicksComplete: true,
  runs: [],
  series: [],
  backups: [],
  executions: [],
  jobs: [],
  alarms: [],
  alarmRules: [],
};

export function withLoaded(data: Data, loaded: Loaded): Data {
  return {
    loads: data.loads + 1,
    version: loaded.overview.version,
    startedAt: loaded.overview.startedAt,
    things: [...loaded.overview.things].sort(byName),
    thingsTotal: loaded.overview.thingsTotal,
    clicks: newestFirst([...loaded.overview.clicks, ...loaded.clicks]),
    clicksComplete: loaded.clicks.length < loadLimit,
    runs: uniqueById([...loaded.overview.runs, ...loaded.runs]),
    series: [...loaded.series].sort(bySeries),
    backups: loaded.overview.backups,
    executions: [],
    jobs: [],
    alarms: loaded.alarms,
    alarmRules: loaded.alarmRules,
  };
}

export function withEvent(data: Data, event: StreamEvent): Data {
  switch (event.type) {
    case 'thing':
      return withThing(data, event.data);
    case 'click':
      return { ...data, clicks: newestFirst([event.data, ...data.clicks]).slice(0, keepLimit) };
    case 'run':
      return { ...data, runs: uniqueById([event.data, ...data.runs]).slice(0, keepLimit) };
    case 'reading':
      return { ...data, series: withReading(data.series, event.data) };
    case 'alarm':
      return { ...data, alarms: withAlarm(data.alarms, event.data) };
    case 'backup':
      return { ...data, backups: withReport(data.backups, event.data) };
    case 'execution':
      return { ...data, executions: uniqueById([event.data, ...data.executions]).slice(0, keepLimit) };
    case 'job':
      return { ...data, jobs: uniqueById([event.data, ...data.jobs]).slice(0, keepLimit) };
  }
}

function withAlarm(alarms: readonly AlarmView[], alarm: AlarmView): AlarmView[] {
  const others = alarms.filter(({ rule, subject }) => rule !== alarm.rule || subject !== alarm.subject);
  return [alarm, ...others].slice(0, keepLimit);
}

function withThing(data: Data, thing: ThingView): Data {
  const others = data.things.filter((other) => other.name !== thing.name);
  const things = [...others, thing].sort(byName);
  return { ...data, things, thingsTotal: Math.max(data.thingsTotal, things.length) };
}

/** What was read page by page; a newer version that came as an event meanwhile stays. */
export function withThings(data: Data, read: readonly ThingView[]): Data {
  const known = new Map(data.things.map((thing) => [thing.name, thing]));
  const things = read.map((thing) => {
    const other = known.get(thing.name);
    return other !== undefined && other.version > thing.version ? other : thing;
  });
  return { ...data, things: things.sort(byName), thingsTotal: Math.max(data.thingsTotal, things.length) };
}

function byName(a: ThingView, b: ThingView): number {
  return a.name.localeCompare(b.name);
}

type ReadingEvent = Extract<StreamEvent, { type: 'reading' }>['data'];

/** A reading that was kept back on the device while it was offline never replaces a newer one. */
function withReading(all: readonly SeriesView[], reading: ReadingEvent): readonly SeriesView[] {
  const { thing, series, time, value } = reading;
  const at = all.findIndex((view) => view.thing === thing && view.series === series);
  const known = all[at];
  if (known === undefined) {
    const unit = reading.unit as SeriesView['unit'];
    return [...all, { thing, series, unit, labels: {}, last: { time, value } }].sort(bySeries);
  }
  if (known.last !== null && Date.parse(known.last.time) > Date.parse(time)) return all;
  return all.with(at, { ...known, last: { time, value } });
}

function withReport(jobs: readonly BackupJobView[], report: BackupReport): readonly BackupJobView[] {
  const at = jobs.findIndex((view) => view.job === report.job);
  const known = jobs[at];
  if (known === undefined) return [...jobs, { job: report.job, last: report, history: [report] }];
  const others = known.history.filter((other) => other.runId !== report.runId);
  const history = [report, ...others]
    .sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))
    .slice(0, historyLimit);
  return jobs.with(at, { job: report.job, last: history[0] ?? report, history });
}

function newestFirst(clicks: readonly ClickView[]): ClickView[] {
  return uniqueById(clicks).sort((a, b) => Date.parse(b.receivedAt) - Date.parse(a.receivedAt));
}

/** The first of each id stays. */
export function uniqueById<T extends { id: string }>(items: readonly T[]): T[] {
  const seen = new Set<string>();
  return items.filter((item) => !seen.has(item.id) && seen.add(item.id));
}

function bySeries(a: SeriesView, b: SeriesView): number {
  return a.thing.localeCompare(b.thing) || a.series.localeCompare(b.series);
}
