/**
 * Alarms, as the HTTP API, the command line, the dashboard and the configuration write them. A rule says
 * what to watch and whom to tell; for each thing (or action) that it watches there is one alarm.
 *
 *   GET    /alarms?state=&thing=         AlarmView[], those that need somebody first
 *   GET    /alarms/rules                 AlarmRuleView[]
 *   POST   /alarms/rules                 AlarmRule -> AlarmRuleView            409 when the name is taken
 *   GET    /alarms/rules/NAME            AlarmRuleView with its alarms
 *   DELETE /alarms/rules/NAME            its alarms go with it, their history stays
 *   GET    /alarms/history?rule=&subject=&limit=   AlarmChange[], newest first
 *   POST   /alarms/ack                   AckRequest -> AlarmView
 *   POST   /alarms/snooze                SnoozeRequest -> AlarmView            no notices for a while
 */
import { z } from 'zod';
import { thingName } from './messages.js';

const dayMs = 86_400_000;
const span = (leastMs: number) =>
  z
    .int()
    .min(leastMs)
    .max(366 * dayMs);
const percent = z.number().min(0).max(100);
const seriesName = z.string().min(1).max(128);
const finite = z.number();

const silent = z.strictObject({
  kind: z.literal('silent').describe('Nothing came from the thing (or of that series) for a while.'),
  forMs: span(1_000).describe('For so long.'),
  series: seriesName.optional().describe('Only that series counts; any message without it.'),
});
const offline = z.strictObject({
  kind: z.literal('offline').describe('The thing is not connected.'),
  forMs: span(1_000).describe('For so long.'),
});
const life = z.strictObject({
  kind: z.literal('life').describe('Remaining life in percent, as presses count it down.'),
  below: percent.describe('An alarm below that many percent.'),
  clearAt: percent.optional().describe('Clear at or above it; 5 more than `below` unless told.'),
});
const battery = z.strictObject({
  kind: z.literal('battery').describe('A reading of a battery, in percent or volts.'),
  below: finite.describe('An alarm below it.'),
  clearAt: finite.optional().describe('Clear at or above it; at `below` unless told.'),
  series: seriesName.optional().describe('Any series with `battery` as a part of its name unless told.'),
});
const range = z.strictObject({
  kind: z.literal('range').describe('A reading is below `min` or above `max`.'),
  series: seriesName.describe('Which readings.'),
  min: finite.optional().describe('Lowest good value.'),
  max: finite.optional().describe('Highest good value.'),
  forMs: span(0).default(0).describe('For so long before it is an alarm.'),
  margin: z.number().min(0).default(0).describe('So far inside of the limits before it is clear again.'),
});
const failing = z.strictObject({
  kind: z.literal('failing').describe('Runs of an action fail, each after its last attempt.'),
  function: z.string().min(1).max(128).describe('The action, by the name of its function.'),
  failures: z.int().min(1).max(1_000).default(3).describe('So many failed runs.'),
  withinMs: span(1_000).optional().describe('In any order within that time; in a row without it.'),
});

export const alarmCondition = z.discriminatedUnion('kind', [silent, offline, life, battery, range, failing]);
export type AlarmCondition = z.output<typeof alarmCondition>;

export const alarmState = z.enum(['OK', 'PENDING', 'ALARM']);
export type AlarmState = z.infer<typeof alarmState>;

export const alarmName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}$/, 'letters, digits, spaces, _ . and -, at most 64');

export const alarmRule = z
  .strictObject({
    name: alarmName.describe('Name of the rule.'),
    thing: thingName.optional().describe('The one thing to watch ...'),
    type: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe('... or all things of a type; all things without both.'),
    when: alarmCondition.describe('What to watch for.'),
    actions: z
      .array(z.string().min(1).max(2_048))
      .max(10)
      .default([])
      .describe('Functions (or ARNs) that are told of each change, as for a press.'),
    notifyOn: z.array(alarmState).default(['ALARM', 'OK']).describe('Which changes are told.'),
    clearAfterMs: span(0)
      .default(0)
      .describe('The cause must be gone for so long before the alarm is clear.'),
    noticesPerHour: z
      .int()
      .min(1)
      .max(1_000)
      .default(6)
      .describe('What changes more often is told once more at the end of the hour, in one summary.'),
  })
  .superRefine(({ thing, type, when }, context) => {
    const fault = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (thing !== undefined && type !== undefined) fault(['type'], 'either "thing" or "type"');
    if (when.kind === 'failing' && (thing ?? type) !== undefined)
      fault(['when'], 'an action belongs to no thing');
    if (when.kind === 'range' && when.min === undefined && when.max === undefined) {
      fault(['when'], 'needs "min" or "max"');
    }
    if (when.kind === 'range' && when.min !== undefined && when.max !== undefined && when.min > when.max) {
      fault(['when', 'min'], 'is above "max"');
    }
    if ((when.kind === 'life' || when.kind === 'battery') && (when.clearAt ?? when.below) < when.below) {
      fault(['when', 'clearAt'], 'is less than "below"');
    }
  });
export type AlarmRule = z.output<typeof alarmRule>;

export interface AlarmView {
  readonly rule: string;
  /** The thing, or the action for a rule of kind `failing`. */
  readonly subject: string;
  readonly kind: AlarmCondition['kind'];
  readonly state: AlarmState;
  readonly since: string;
  /** In one sentence. */
  readonly reason: string;
  /** What a person may do about it; empty while it is OK. */
  readonly advice: string;
  readonly acknowledgedAt: string | null;
  readonly snoozedUntil: string | null;
}

export interface AlarmRuleView extends AlarmRule {
  readonly createdAt: string;
  /** `config`: set up at every start from the configuration, and changed there only. */
  readonly origin: 'api' | 'config';
  readonly alarms: { readonly ok: number; readonly pending: number; readonly alarm: number };
}

export interface AlarmChange {
  readonly rule: string;
  readonly subject: string;
  readonly from: AlarmState;
  readonly to: AlarmState;
  readonly at: string;
  readonly reason: string;
  readonly notified: boolean;
}

const which = { rule: alarmName, subject: z.string().min(1).max(128) };
export const ackRequest = z.strictObject(which);
export const snoozeRequest = z.strictObject({ ...which, forMs: span(0).describe('0 ends it.') });
export const alarmQuery = z.object({ state: alarmState.optional(), thing: z.string().max(128).optional() });
export const alarmHistoryQuery = z.object({
  rule: alarmName.optional(),
  subject: z.string().max(128).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
