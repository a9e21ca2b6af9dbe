/** A small household as the API would describe it, in relation to a given time. Typed by the API itself. */
import type { AlarmRuleView, AlarmView } from '../../../core/wire/alarms.js';
import type {
  ClickView,
  Overview,
  RunView,
  SeriesView,
  TelemetryView,
  ThingView,
} from '../../../core/wire/api.js';
import type { BackupJobView, BackupProgressReport, BackupReport } from '../../../core/wire/backups.js';
import type { BoardView, CardView } from '../../../core/wire/cards.js';
import type { ExecutionView, WorkflowView } from '../../../core/wire/workflows.js';

export interface Canned {
  readonly overview: Overview;
  readonly series: SeriesView[];
  readonly workflows: WorkflowView[];
  readonly executions: ExecutionView[];
  readonly logs: Record<string, string>;
  readonly alarms: AlarmView[];
  readonly alarmRules: AlarmRuleView[];
}

export const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

export function thing(name: string, change: Partial<ThingView> = {}): ThingView {
  return {
    name,
    type: 'button',
    claim: 'CLAIMED',
    online: true,
    lastSeen: null,
    enabled: true,
    tags: {},
    version: 1,
    remainingLife: 97.2,
    certificates: [],
    buttons: [{ name: 'main', simulated: true }],
    outputs: [],
    gpioRoute: 'simulated',
    i2cRoute: null,
    placement: { projectName: 'Household', placementName: 'Hall', deviceTemplateName: 'button' },
    ...change,
  };
}

export function click(id: string, ms: number, change: Partial<ClickView> = {}): ClickView {
  return {
    id,
    thing: 'front-door',
    button: 'main',
    clickType: 'SINGLE',
    deviceTime: iso(ms - 40),
    receivedAt: iso(ms),
    ...change,
  };
}

export function run(id: string, clickId: string, change: Partial<RunView> = {}): RunView {
  return {
    id,
    source: { kind: 'click', id: clickId },
    thing: 'front-door',
    functionName: 'send-mail',
    state: 'SUCCEEDED',
    attempt: 1,
    createdAt: '2026-01-02T03:04:05.000Z',
    startedAt: null,
    endedAt: null,
    durationMs: 184,
    error: null,
    ...change,
  };
}

export function report(
  job: string,
  runId: string,
  endedMs: number,
  change: Partial<BackupReport> = {},
): BackupReport {
  return {
    job,
    runId,
    state: 'SUCCEEDED',
    startedAt: iso(endedMs - 42_000),
    endedAt: iso(endedMs),
    repository: 's3:nas/gatehouse',
    paths: ['/srv/photos'],
    snapshotId: 'a1b2c3d4',
    filesNew: 3,
    filesChanged: 2,
    filesUnmodified: 1_199,
    bytesProcessed: 8_200_000_000,
    bytesAdded: 3_100_000,
    error: null,
    nextRunAt: iso(endedMs + 48 * minuteMs),
    ...change,
  };
}

export function progress(nowMs: number, change: Partial<BackupProgressReport> = {}): BackupProgressReport {
  return {
    filesDone: 504,
    filesTotal: 1_204,
    bytesDone: 3_444_000_000,
    bytesTotal: 8_200_000_000,
    bytesNew: 1_200_000_000,
    bytesCompressed: 900_000_000,
    bytesSent: 300_000_000,
    readPerSecond: 80_000_000,
    sendPerSecond: 1_900_000,
    endsAt: iso(nowMs + 4 * minuteMs),
    errors: 2,
    ...change,
  };
}

function history(
  job: string,
  newest: BackupReport,
  count: number,
  change: Partial<BackupReport> = {},
): BackupJobView {
  const lastMs = Date.parse(newest.endedAt ?? newest.startedAt);
  const older = Array.from({ length: count }, (_, at) =>
    report(job, `${job}-${at}`, lastMs - (at + 1) * hourMs, {
      bytesAdded: 400_000 * (1 + ((at * 7) % 11)) ** 2,
      ...(at % 9 === 6 ? { state: 'PARTIAL' as const } : {}),
      ...(at % 13 === 3 ? { state: 'FAILED' as const, bytesAdded: 0 } : {}),
      ...change,
    }),
  );
  return { job, last: newest, history: [newest, ...older] };
}

const visitDefinition = {
  Comment: 'Tell people of a visitor, and ask again when nobody comes',
  StartAt: 'Who',
  States: {
    Who: {
      Type: 'Choice',
      Choices: [{ Variable: '$.deviceEvent.buttonClicked.clickType', StringEquals: 'LONG', Next: 'Both' }],
      Default: 'Ring',
    },
    Ring: {
      Type: 'Task',
      Resource: 'ring-bell',
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Sorry' }],
      Next: 'Rest',
    },
    Rest: { Type: 'Wait', Seconds: 120, Next: 'Who' },
    Both: {
      Type: 'Parallel',
      Branches: [
        { StartAt: 'Mail', States: { Mail: { Type: 'Task', Resource: 'send-mail', End: true } } },
        { StartAt: 'Lamp', States: { Lamp: { Type: 'Task', Resource: 'lamp', End: true } } },
      ],
      Next: 'Done',
    },
    Done: { Type: 'Succeed' },
    Sorry: { Type: 'Fail', Error: 'Silent' },
  },
};

function visit(nowMs: number): WorkflowView {
  return {
    name: 'visit',
    arn: 'arn:aws:states:local:000000000000:stateMachine:visit',
    comment: visitDefinition.Comment,
    version: 2,
    updatedAt: iso(nowMs - 20 * hourMs),
    running: 1,
    definition: visitDefinition,
  };
}

export function execution(nowMs: number, change: Partial<ExecutionView> = {}): ExecutionView {
  return {
    id: 'execution-1',
    workflow: 'visit',
    version: 2,
    thing: 'front-door',
    state: 'RUNNING',
    startedAt: iso(nowMs - 2 * minuteMs),
    endedAt: null,
    error: null,
    cause: null,
    at: [
      {
        state: 'Both',
        since: iso(nowMs - minuteMs),
        waitsFor: 'branches',
        until: null,
      },
      { state: 'Both/1/Lamp', since: iso(nowMs - minuteMs), waitsFor: 'task', until: null },
    ],
    ...change,
  };
}

export function household(nowMs: number): Canned {
  const clicks = [
    click('click-1', nowMs - 3 * minuteMs),
    click('click-2', nowMs - 26 * minuteMs, { clickType: 'DOUBLE' }),
    click('click-3', nowMs - 31 * minuteMs, { thing: 'workshop', clickType: 'LONG', button: 'green' }),
    click('click-4', nowMs - 27 * hourMs, { thing: 'workshop', button: 'red' }),
  ];
  const runs = [
    run('run-1', 'click-1', { startedAt: iso(nowMs - 3 * minuteMs) }),
    run('run-2', 'click-2', {
      state: 'FAILED',
      durationMs: 5_012,
      attempt: 3,
      error: 'The mail server refused the message: mailbox full.',
      startedAt: iso(nowMs - 26 * minuteMs),
    }),
    run('run-4', 'click-4', { thing: 'workshop', functionName: 'open-gate', durationMs: 61 }),
  ];
  const backups = [
    history('photos', report('photos', 'photos-now', nowMs - 12 * minuteMs), 29),
    history(
      'documents',
      report('documents', 'documents-now', nowMs - 95 * minuteMs, {
        state: 'FAILED',
        paths: ['/srv/documents', '/home/ada/letters'],
        filesNew: 0,
        filesChanged: 0,
        filesUnmodified: 0,
        bytesAdded: 0,
        nextRunAt: iso(nowMs + 25 * minuteMs),
        error: 'The bucket answered "access denied". Check its key in the configuration.',
      }),
      12,
    ),
  ];
  return {
    overview: {
      version: '0.1.0',
      startedAt: iso(nowMs - 49 * hourMs),
      things: [
        thing('front-door'),
        thing('workshop', {
          remainingLife: 14,
          placement: null,
          buttons: [
            { name: 'green', simulated: false },
            { name: 'red', simulated: true },
          ],
        }),
        thing('garden-gate', { online: false, lastSeen: iso(nowMs - 2 * hourMs), remainingLife: 62 }),
        thing('attic', { type: 'sensor', buttons: [], remainingLife: null, i2cRoute: 'simulated' }),
      ],
      thingsTotal: 4,
      clicks,
      runs,
      backups,
    },
    series: [
      {
        thing: 'attic',
        series: 'room.temperature',
        unit: 'Cel',
        labels: {},
        last: { time: iso(nowMs - 900), value: 21.43 },
      },
      {
        thing: 'attic',
        series: 'room.pressure',
        unit: 'Pa',
        labels: {},
        last: { time: iso(nowMs - 900), value: 101_325 },
      },
      {
        thing: 'attic',
        series: 'room.humidity',
        unit: '%RH',
        labels: {},
        last: { time: iso(nowMs - 900), value: 48.2 },
      },
    ],
    workflows: [visit(nowMs)],
    executions: [execution(nowMs)],
    alarms: [
      {
        rule: 'Garden gate is offline',
        subject: 'garden-gate',
        kind: 'offline',
        state: 'ALARM',
        since: iso(nowMs - 2 * hourMs),
        reason: 'garden-gate has not been connected for 10 minutes; the limit is 10 minutes.',
        advice: 'Look whether the device has power and network; its agent says more in its log.',
        acknowledgedAt: null,
        snoozedUntil: null,
      },
      {
        rule: 'Attic too warm',
        subject: 'attic',
        kind: 'range',
        state: 'PENDING',
        since: iso(nowMs - 3 * minuteMs),
        reason: 'room.temperature of attic is 31.2, outside of at most 30.',
        advice: 'Look at what is measured; then at the sensor, if the value cannot be right.',
        acknowledgedAt: null,
        snoozedUntil: null,
      },
    ],
    alarmRules: [
      {
        name: 'Garden gate is offline',
        thing: 'garden-gate',
        when: { kind: 'offline', forMs: 600_000 },
        actions: ['send-mail'],
        notifyOn: ['ALARM', 'OK'],
        clearAfterMs: 0,
        noticesPerHour: 6,
        createdAt: iso(nowMs - 24 * hourMs),
        origin: 'api',
        alarms: { ok: 0, pending: 0, alarm: 1 },
      },
      {
        name: 'Attic too warm',
        thing: 'attic',
        when: { kind: 'range', series: 'room.temperature', max: 30, forMs: 600_000, margin: 0 },
        actions: [],
        notifyOn: ['ALARM', 'OK'],
        clearAfterMs: 0,
        noticesPerHour: 6,
        createdAt: iso(nowMs - 24 * hourMs),
        origin: 'api',
        alarms: { ok: 0, pending: 1, alarm: 0 },
      },
    ],
    logs: {
      'run-1': 'START send-mail\nhanded to the mail server in 151 ms\nEND',
      'run-2': 'START send-mail, attempt 3 of 3\n452 4.2.2 mailbox full\nEND',
    },
  };
}

export function emptyHousehold(nowMs: number): Canned {
  const lists = { things: [], clicks: [], runs: [], backups: [] };
  const overview = { version: '0.1.0', startedAt: iso(nowMs), thingsTotal: 0, ...lists };
  return { overview, series: [], workflows: [], executions: [], alarms: [], alarmRules: [], logs: {} };
}

const levels: Record<string, readonly [base: number, swing: number]> = {
  Cel: [21.4, 1.6],
  Pa: [101_325, 420],
  '%RH': [48, 5],
};

/** A smooth curve with a gap of a tenth of the span in it. */
export function telemetry(view: SeriesView, fromMs: number, toMs: number, maxPoints: number): TelemetryView {
  const bucketMs = Math.max(1_000, (toMs - fromMs) / maxPoints);
  const [base, swing] = levels[view.unit] ?? [1, 1];
  const isDay = toMs - fromMs > hourMs;
  const points: TelemetryView['points'] = [];
  for (let ms = fromMs; ms < toMs; ms += bucketMs) {
    const share = (ms - fromMs) / (toMs - fromMs);
    if (share > 0.45 && share < 0.55) continue;
    const mean = base + swing * 0.5 * (Math.sin(share * 6) + 0.2 * Math.sin(share * 31));
    const half = isDay ? swing * (0.06 + 0.05 * Math.abs(Math.sin(share * 20))) : 0;
    points.push([Math.round(ms), mean, mean - half, mean + half]);
  }
  return { thing: view.thing, series: view.series, unit: view.unit, bucketMs, points };
}

export const boards: readonly BoardView[] = [
  { name: 'button-box', title: 'Button box: button, LED, buzzer', claimsOnPress: true },
  { name: 'rover', title: 'Rover', claimsOnPress: false },
];

/** `userData` stands for what cloud-init would read. */
export function cardView(thing: string, userData: string): CardView {
  return {
    thing,
    files: { 'user-data': userData, 'network-config': 'network:\n', 'meta-data': 'instance-id: x\n' },
    expiresAt: iso(Date.UTC(2026, 5, 2)),
    warning: null,
  };
}
