/**
 * The HTTP API as the page uses it: same origin, session cookie sent by the browser. Answers are
 * trusted to have the shapes of `core/wire/api.ts`, since the same release serves this page.
 */
import { GatehouseError } from '../../../../core/errors.js';
import type { ActionView } from '../../../../core/wire/actions.js';
import type { AlarmRuleView, AlarmView } from '../../../../core/wire/alarms.js';
import type { ClickView, Overview, RunView, SeriesView, TelemetryView } from '../../../../core/wire/api.js';
import type { apiRoot } from '../../../../core/wire/api-root.js';
import type { BoardView, CardRequest, CardView } from '../../../../core/wire/cards.js';
import type { ClickType, OutputAction } from '../../../../core/wire/messages.js';
import type { ExecutionView, WorkflowView } from '../../../../core/wire/workflows.js';
import { signedOut, unexpectedAnswer, unreachable } from '../errors.js';

const root: typeof apiRoot = '/api/v1';
export const streamUrl = `${root}/stream`;
const limitMs = 15_000;
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
export interface Api {
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
  workflow(name: string): Promise<WorkflowView>;
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
  const get = <T>(path: string) => call<T>(fetcher, path);
  const send = <T>(method: string, path: string, body: object = {}, more: RequestInit = {}) =>
    call<T>(fetcher, path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...more,
    });
  return {
    overview: () => get('/overview'),
    clicks: (limit) => get(`/clicks?limit=${limit}`),
    runs: (limit) => get(`/runs?limit=${limit}`),
    run: (id) => get(`/runs/${encodeURIComponent(id)}`),
    series: () => get('/series'),
    workflows: () => get('/workflows'),
    executions: (workflow) => get(`/workflows/${encodeURIComponent(workflow)}/executions?limit=5`),
    workflow: (name) => get(`/workflows/${encodeURIComponent(name)}`),
    alarms: async () => [
      ...(await get<AlarmView[]>('/alarms?state=ALARM')),
      ...(await get<AlarmView[]>('/alarms?state=PENDING')),
    ],
    alarmRules: () => get('/alarms/rules'),
    actions: () => get('/actions'),
    createAlarmRule: (rule) => send('POST', '/alarms/rules', rule),
    deleteAlarmRule: (name) => send('DELETE', `/alarms/rules/${encodeURIComponent(name)}`),
    acknowledge: ({ rule, subject }) => send('POST', '/alarms/ack', { rule, subject }),
    snooze: ({ rule, subject }, forMs) => send('POST', '/alarms/snooze', { rule, subject, forMs }),
    telemetry: (query) => get(telemetryPath(query)),
    replay: (runId) => send('POST', '/dead-letters/replay', { runIds: [runId] }),
    press: (thing, button, pattern) =>
      send('POST', `/things/${encodeURIComponent(thing)}/press`, { button, pattern }),
    switchOutput: (thing, output, action) =>
      send('POST', `/things/${encodeURIComponent(thing)}/output`, { output, action }),
    boards: () => get('/boards'),
    makeCard: (request) => send('POST', '/cards', request, { signal: AbortSignal.timeout(packLimitMs) }),
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
  return `${root}/boards/${encodeURIComponent(board)}/wiring.svg`;
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

async function call<T>(fetcher: typeof fetch, path: string, init: RequestInit = {}): Promise<T> {
  const response = await fetched(fetcher, root + path, init);
  if (response.status === 401) throw signedOut();
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return body as T;
  throw asError(body) ?? unexpectedAnswer(response.status);
}

async function fetched(fetcher: typeof fetch, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetcher(path, {
      credentials: 'same-origin',
      signal: AbortSignal.timeout(limitMs),
      ...init,
    });
  } catch (error) {
    throw unreachable(error);
  }
}

function asError(body: unknown): GatehouseError | undefined {
  const error = (body as { error?: { code?: unknown; message?: unknown; hint?: unknown } } | undefined)
    ?.error;
  if (typeof error?.code !== 'string' || typeof error.message !== 'string') return undefined;
  return new GatehouseError(
    error.code,
    error.message,
    typeof error.hint === 'string' ? { hint: error.hint } : {},
  );
}
