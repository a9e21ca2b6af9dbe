/**
 * The HTTP API as the page uses it: same origin, session cookie sent by the browser. Answers are
 * trusted to have the shapes of `core/wire/api.ts`, since the same release serves this page.
 */
import type { ActionView } from '../../../../core/wire/actions.js';
import type { AlarmRuleView, AlarmView } from '../../../../core/wire/alarms.js';
import type { ClickView, Overview, RunView, SeriesView, TelemetryView } from '../../../../core/wire/api.js';
import type { BoardView, CardRequest, CardView } from '../../../../core/wire/cards.js';
import type { ClickType, OutputAction } from '../../../../core/wire/messages.js';
import type { ExecutionView, WorkflowView } from '../../../../core/wire/workflows.js';
import { type DeviceCalls, deviceCalls } from './device-calls.js';
import { type JobCalls, jobCalls } from './job-calls.js';
import { type ProjectCalls, projectCalls } from './project-calls.js';
import { fetched, root, segment, transportOf } from './transport.js';

export const streamUrl = `${root}/stream`;
const executionLimit = 50;
/** The first card of a backend takes the time to pack the program, long on a small machine. */
const packLimitMs = 130_000;

interface TelemetryQuery {
  readonly thing: string;
  readonly series: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly maxPoints: number;
}

/** Every call @throws SIGNED_OUT, UNREACHABLE, UNEXPECTED_ANSWER or what the backend answers. */
export interface Api extends DeviceCalls, JobCalls, ProjectCalls {
  overview(): Promise<Overview>;
  clicks(limit: number): Promise<ClickView[]>;
  runs(limit: number): Promise<RunView[]>;
  run(id: string): Promise<RunView>;
  /** Starts a run anew that failed for good. */
  replay(runId: string): Promise<{ runIds: string[] }>;
  series(): Promise<SeriesView[]>;
  workflows(): Promise<WorkflowView[]>;
  /** The last ones of a workflow, newest first. */
  executions(workflow: string): Promise<ExecutionView[]>;
  /** With its definition. */
  workflow(name: string): Promise<WorkflowView>;
  /** With its definition and history. */
  execution(id: string): Promise<ExecutionView>;
  stopExecution(id: string): Promise<ExecutionView>;
  /** Those that are not OK. */
  alarms(): Promise<AlarmView[]>;
  alarmRules(): Promise<AlarmRuleView[]>;
  /** What can run. */
  actions(): Promise<ActionView[]>;
  createAlarmRule(rule: object): Promise<AlarmRuleView>;
  deleteAlarmRule(name: string): Promise<unknown>;
  acknowledge(alarm: AlarmView): Promise<AlarmView>;
  snooze(alarm: AlarmView, forMs: number): Promise<AlarmView>;
  telemetry(query: TelemetryQuery): Promise<TelemetryView>;
  press(thing: string, button: string, pattern: ClickType): Promise<{ id: string }>;
  /** Tells an output of a device that is connected. */
  switchOutput(thing: string, output: string, action: OutputAction): Promise<{ id: string }>;
  /** What can be built. */
  boards(): Promise<BoardView[]>;
  /** A new device, and the files for its card. */
  makeCard(request: CardRequest): Promise<CardView>;
  /** Trades the token for a session cookie. Says nothing about success: ask for the overview. */
  signIn(token: string): Promise<void>;
}

export function createApi(fetcher: typeof fetch): Api {
  const transport = transportOf(fetcher);
  const { get, send } = transport;
  return {
    ...deviceCalls(transport),
    ...jobCalls(transport),
    ...projectCalls(transport),
    overview: () => get('/overview'),
    clicks: (limit) => get(`/clicks?limit=${limit}`),
    runs: (limit) => get(`/runs?limit=${limit}`),
    run: (id) => get(`/runs/${segment(id)}`),
    series: () => get('/series'),
    workflows: () => get('/workflows'),
    executions: (workflow) => get(`/workflows/${segment(workflow)}/executions?limit=${executionLimit}`),
    workflow: (name) => get(`/workflows/${segment(name)}`),
    execution: (id) => get(`/executions/${segment(id)}`),
    stopExecution: (id) => send('POST', `/executions/${segment(id)}/stop`),
    alarms: async () => [
      ...(await get<AlarmView[]>('/alarms?state=ALARM')),
      ...(await get<AlarmView[]>('/alarms?state=PENDING')),
    ],
    alarmRules: () => get('/alarms/rules'),
    actions: () => get('/actions'),
    createAlarmRule: (rule) => send('POST', '/alarms/rules', rule),
    deleteAlarmRule: (name) => send('DELETE', `/alarms/rules/${segment(name)}`),
    acknowledge: ({ rule, subject }) => send('POST', '/alarms/ack', { rule, subject }),
    snooze: ({ rule, subject }, forMs) => send('POST', '/alarms/snooze', { rule, subject, forMs }),
    telemetry: (query) => get(telemetryPath(query)),
    replay: (runId) => send('POST', '/dead-letters/replay', { runIds: [runId] }),
    press: (thing, button, pattern) => send('POST', `/things/${segment(thing)}/press`, { button, pattern }),
    switchOutput: (thing, output, action) =>
      send('POST', `/things/${segment(thing)}/output`, { output, action }),
    boards: () => get('/boards'),
    makeCard: (request) => send('POST', '/cards', request, { limitMs: packLimitMs }),
    signIn: (token) => signIn(fetcher, token),
  };
}

/** Where the browser gets a series as a file, with the session that it has. */
export function exportUrl(
  view: Pick<SeriesView, 'thing' | 'series'>,
  fromMs: number,
  format: string,
): string {
  const { thing, series } = view;
  const parameters = new URLSearchParams({ thing, series, format, from: new Date(fromMs).toISOString() });
  return `${root}/telemetry/export?${parameters}`;
}

/** The drawing of how a board is wired. */
export function wiringUrl(board: string): string {
  return `${root}/boards/${segment(board)}/wiring.svg`;
}

function telemetryPath(query: TelemetryQuery): string {
  const parameters = new URLSearchParams({
    thing: query.thing,
    series: query.series,
    from: new Date(query.fromMs).toISOString(),
    to: new Date(query.toMs).toISOString(),
    maxPoints: String(query.maxPoints),
  });
  return `/telemetry?${parameters}`;
}

async function signIn(fetcher: typeof fetch, token: string): Promise<void> {
  const path = `/login?token=${encodeURIComponent(token)}`;
  // The answer redirects to this very page; only its cookie is wanted.
  await fetched(fetcher, path, { redirect: 'manual' });
}
