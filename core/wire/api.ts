/**
 * The HTTP API that the dashboard, the command line and the gateway use, below `/api/v1`.
 * The shapes of actions, alarms, jobs, workflows and backups have files of their own beside this one.
 * Every call wants `Authorization: Bearer TOKEN` or the dashboard's session cookie.
 * Errors have the body `{"error": {"code", "message", "hint"?}}`. Times are ISO 8601 in UTC.
 *
 *   GET    /health                           no token: `{ "status": "ok" }`
 *   GET    /overview                         Overview
 *   GET    /things?after=&limit=             ThingView[] by name, 500 unless told
 *   POST   /things                           CreateThing -> ThingView
 *   GET    /things/NAME                      ThingView, with its version as ETag
 *   PATCH  /things/NAME                      ChangeThing -> ThingView      wants If-Match
 *   POST   /things/NAME/initiate-claim       -> ThingView
 *   POST   /things/NAME/finalize-claim       FinalizeRequest -> ThingView
 *   POST   /things/NAME/unclaim              -> ThingView
 *   POST   /things/NAME/replace              ReplaceRequest -> ThingView of the new one
 *   POST   /things/NAME/battery-replaced     -> ThingView
 *   GET    /things/NAME/counters             counter name to value
 *   POST   /things/NAME/counters/COUNTER     CounterRequest -> { value }
 *   POST   /manufacture                      ManufactureRequest -> { devices, claimCode? }
 *   POST   /claims                           ClaimRequest -> { total }
 *   POST   /things/NAME/claim-token          -> { claimToken, expiresAt }
 *   POST   /things/NAME/press                PressRequest -> { id }     409 when the line is real
 *   POST   /things/NAME/output               OutputRequest -> { id }    409 when it is not connected
 *   POST   /things/NAME/revoke               -> { certificateIds }      cuts it off at once
 *   GET    /things/NAME/shadows              -> { names }               the classic one is ''
 *   GET    /things/NAME/shadow?name=         -> { state, metadata, version, updatedAt }
 *   POST   /things/NAME/shadow?name=         { state: { desired?, reported? }, version? }  409 on a stale version
 *   DELETE /things/NAME/shadow?name=         -> { version }
 *   GET    /clicks?thing=&limit=             ClickView[], newest first
 *   GET    /runs?thing=&limit=               RunView[], newest first
 *   GET    /runs/ID                          RunView with its log
 *   GET    /actions                          ActionView[]: what can run
 *   POST   /actions/run                      RunActionRequest -> { runId }
 *   GET    /dead-letters?limit=              RunView[]: what failed for good, newest first
 *   POST   /dead-letters/replay              DeadLetterChoice -> { runIds }
 *   POST   /dead-letters/discard             DeadLetterChoice -> { runIds }
 *   GET    /projects?after=&limit=           ProjectView[] by name
 *   POST   /projects                         CreateProject -> ProjectView
 *   GET    /projects/P                       ProjectView, with its version as ETag
 *   PATCH  /projects/P                       ChangeProject -> ProjectView  wants If-Match
 *   DELETE /projects/P                                                     wants If-Match
 *   GET    /projects/P/placements?after=&limit=   PlacementView[] by name
 *   POST   /projects/P/placements            CreatePlacement -> PlacementView
 *   GET    /projects/P/placements/Q          PlacementView, with its version as ETag
 *   PATCH  /projects/P/placements/Q          ChangePlacement -> PlacementView   wants If-Match
 *   DELETE /projects/P/placements/Q                                        wants If-Match
 *   GET    /projects/P/placements/Q/history  StayView[], the latest first
 *   PUT    /projects/P/placements/Q/devices/TEMPLATE   AssociateRequest -> PlacementView
 *   DELETE /projects/P/placements/Q/devices/TEMPLATE   -> PlacementView
 *   GET    /keys                             AccessKeyView[]
 *   POST   /keys                             CreateAccessKey -> { accessKeyId, secretAccessKey, name }
 *   DELETE /keys/ID
 *   GET    /workflows                        WorkflowView[]
 *   POST   /workflows                        SaveWorkflow -> WorkflowView   400 with every fault's path
 *   GET    /workflows/NAME                   WorkflowView with its definition
 *   GET    /workflows/NAME/executions?limit= ExecutionView[], newest first
 *   GET    /executions/ID                    ExecutionView with its definition and history
 *   POST   /executions/ID/stop               ExecutionView             409 when it has ended
 *   POST   /fanout/subscriptions             FanoutRequest -> FanoutView
 *   GET    /series                           SeriesView[]
 *   PUT    /series/labels                    { thing, series, labels }
 *   GET    /telemetry/export?thing=&series=&label=KEY=VALUE&from=&to=&format=csv|jsonl&resolution=raw|minute|hour
 *   GET    /telemetry/usage                  TelemetryUsage
 *   POST   /telemetry/prune                  { olderThanMs?, maxBytes?, dryRun? } -> what was deleted, bytesFreed
 *   GET    /refusals                         what was turned away since the start, by reason
 *   GET    /telemetry?thing=&series=&from=&to=&maxPoints=   TelemetryView
 *   GET    /backups                          BackupJobView[]
 *   POST   /backups/reports                  BackupReport
 *   *      /alarms...                        see alarms.ts
 *   *      /boards... /cards                 see cards.ts
 *   GET    /stream                           server-sent events, see StreamEvent
 */
import { z } from 'zod';
import type { AlarmView } from './alarms.js';
import { type BackupReport, backupJobView } from './backups.js';
import type { JobView } from './jobs.js';
import { clickType, outputAction, pulseMs, senmlUnit, thingName } from './messages.js';
import type { ExecutionView } from './workflows.js';

const time = z.iso.datetime({ offset: false });

export const thingView = z.object({
  name: thingName,
  /** 1-Click device type; `button` or a type of our own such as `sensor`. */
  type: z.string(),
  /** Only a claimed device can be enabled and placed. */
  claim: z.enum(['MANUFACTURED', 'CLAIM_INITIATED', 'CLAIMED', 'UNCLAIMED']),
  online: z.boolean(),
  lastSeen: time.nullable(),
  enabled: z.boolean(),
  tags: z.record(z.string(), z.string()),
  /** The ETag of the thing: rises with every change. */
  version: z.int(),
  /** Percent, 0 to 100; null for a type without a rated life. */
  remainingLife: z.number().nullable(),
  certificates: z.array(z.object({ id: z.string(), status: z.enum(['ACTIVE', 'REVOKED']), notAfter: time })),
  buttons: z.array(z.object({ name: z.string(), simulated: z.boolean() })),
  /** What each was switched to when the device last said so. */
  outputs: z.array(z.object({ name: z.string(), on: z.boolean() })),
  gpioRoute: z.string().nullable(),
  i2cRoute: z.string().nullable(),
  placement: z
    .object({ projectName: z.string(), placementName: z.string(), deviceTemplateName: z.string() })
    .nullable(),
});
export type ThingView = z.infer<typeof thingView>;

export const createThing = z.strictObject({
  name: thingName,
  type: z.string().min(1).max(128).default('button'),
});
export const pressRequest = z.strictObject({
  pattern: clickType.default('SINGLE'),
  /** Which button of the device; its first simulated one when absent. */
  button: z.string().min(1).max(128).optional(),
});

export const changeThing = z.strictObject({ enabled: z.boolean() });
export const finalizeRequest = z.strictObject({
  tags: z.record(z.string().min(1).max(128), z.string().max(256)).default({}),
});
export const replaceRequest = z.strictObject({ by: thingName });
export const claimRequest = z.strictObject({ claimCode: z.string().min(12).max(40) });
/** Either the serials, or how many to make up. */
export const manufactureRequest = z.strictObject({
  serials: z.array(thingName).min(1).max(1_000).optional(),
  count: z.int().min(1).max(1_000).default(1),
  type: z.string().min(1).max(128).default('button'),
  /** With a claim code for all of them. */
  box: z.boolean().default(false),
});
export interface Manufactured {
  readonly devices: readonly string[];
  /** For all of them together; told once. */
  readonly claimCode?: string;
}
export const counterName = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/);
export const counterRequest = z.strictObject({
  by: z.int().min(-1_000_000_000).max(1_000_000_000).default(1),
});

export const outputRequest = z.strictObject({
  action: outputAction,
  /** Which output of the device; its only one when absent. */
  output: z.string().min(1).max(128).optional(),
  /** Length of a pulse; as the device is configured when absent. */
  pulseMs: pulseMs.optional(),
});

export const clickView = z.object({
  id: z.string(),
  thing: z.string(),
  button: z.string(),
  clickType,
  deviceTime: time,
  receivedAt: time,
});
export type ClickView = z.infer<typeof clickView>;

export const runState = z.enum(['PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED']);
/** What caused a run. `id` is the click's, for another kind whatever tells one cause from the next. */
export const runSource = z.object({
  kind: z.enum(['click', 'health', 'alarm', 'workflow', 'manual']),
  id: z.string().min(1).max(256),
});
export type RunSource = z.infer<typeof runSource>;
export const runView = z.object({
  /** One run per cause and action; also the Lambda's `awsRequestId`. */
  id: z.string(),
  source: runSource,
  /** The thing that it is about; null for none. */
  thing: z.string().nullable(),
  /** The name of a function, or an ARN. */
  functionName: z.string(),
  state: runState,
  attempt: z.int(),
  createdAt: time,
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  durationMs: z.number().nullable(),
  /** What went wrong, in one sentence; null when nothing did. */
  error: z.string().nullable(),
  /** Only in the view of a single run. */
  log: z.string().optional(),
});
export type RunView = z.infer<typeof runView>;

export const seriesView = z.object({
  thing: z.string(),
  series: z.string(),
  unit: senmlUnit,
  /** What people say about it: `{"room": "kitchen"}`. */
  labels: z.record(z.string(), z.string()),
  last: z.object({ time, value: z.number() }).nullable(),
});
export type SeriesView = z.infer<typeof seriesView>;

/** Body of `PUT /series/labels`. Keys and values of a person's choice. */
export const seriesLabels = z.strictObject({
  thing: thingName,
  series: z.string().min(1).max(128),
  labels: z
    .record(z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/), z.string().min(1).max(256))
    .refine((labels) => Object.keys(labels).length <= 32, 'at most 32 labels'),
});

export interface TelemetryUsage {
  readonly fileBytes: number;
  readonly usedBytes: number;
  /** False for a database from an older release, which uses free room again and does not hand it back. */
  readonly givesBack: boolean;
  readonly maxBytes: number | null;
  readonly keptDays: { readonly raw: number; readonly minute: number; readonly hour: number };
  readonly oldest: {
    readonly raw: string | null;
    readonly minute: string | null;
    readonly hour: string | null;
  };
  /** To the hour. */
  readonly readings: number;
  /** The largest first. */
  readonly series: readonly { readonly thing: string; readonly series: string; readonly readings: number }[];
}

/** `points` are `[epoch ms, mean, minimum, maximum]` per bucket, oldest first. */
export const telemetryView = z.object({
  thing: z.string(),
  series: z.string(),
  unit: senmlUnit,
  bucketMs: z.number(),
  points: z.array(z.tuple([z.number(), z.number(), z.number(), z.number()])),
});
export type TelemetryView = z.infer<typeof telemetryView>;

export const overview = z.object({
  version: z.string(),
  startedAt: time,
  /** The first by name, at most 200. */
  things: z.array(thingView),
  /** How many there are. */
  thingsTotal: z.int(),
  clicks: z.array(clickView),
  runs: z.array(runView),
  backups: z.array(backupJobView),
});
export type Overview = z.infer<typeof overview>;

/** `event:` is the type, `data:` the JSON of `data`. */
export type StreamEvent =
  | { readonly type: 'thing'; readonly data: ThingView }
  | { readonly type: 'click'; readonly data: ClickView }
  | { readonly type: 'run'; readonly data: RunView }
  | { readonly type: 'execution'; readonly data: ExecutionView }
  | {
      readonly type: 'reading';
      readonly data: { thing: string; series: string; unit: string; time: string; value: number };
    }
  /** Without its executions. */
  | { readonly type: 'job'; readonly data: JobView }
  | { readonly type: 'alarm'; readonly data: AlarmView }
  | { readonly type: 'backup'; readonly data: BackupReport };

export const apiError = z.object({
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }),
});
