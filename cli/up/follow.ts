/** Prints what happens while `gatehouse up` runs: presses, what they ran, backups. */
import { sleep } from '../../core/clock.js';
import { countOf } from '../../core/count.js';
import type { AlarmView } from '../../core/wire/alarms.js';
import type { ClickView, RunView, StreamEvent } from '../../core/wire/api.js';
import type { BackupReport } from '../../core/wire/backups.js';
import type { ApiClient } from '../api-client.js';
import type { Context } from '../context.js';
import { formatBytes, formatDuration } from '../terminal.js';

const reconnectMs = 1000;

/** Ends when `end` resolves; a backend that is restarting is waited for. */
export async function follow(
  context: Context,
  api: ApiClient,
  signal: AbortSignal,
  end: Promise<void>,
): Promise<void> {
  const listening = listen(context, api, signal);
  await end;
  await listening;
}

async function listen(context: Context, api: ApiClient, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const event of api.stream(signal)) show(context, event);
    } catch (error) {
      context.log.debug('event stream ended', { error });
    }
    await sleep(context.clock, reconnectMs, signal).catch(() => {});
  }
}

function show(context: Context, event: StreamEvent): void {
  const { terminal } = context;
  if (terminal.json) {
    if (event.type !== 'reading') terminal.printJson({ message_type: event.type, ...event.data });
    return;
  }
  const line = describe(context, event);
  if (line !== undefined) terminal.print(`  ${timeOf(context)}  ${line}`);
}

function describe(context: Context, event: StreamEvent): string | undefined {
  switch (event.type) {
    case 'click':
      return describeClick(event.data);
    case 'run':
      return describeRun(context, event.data);
    case 'alarm':
      return describeAlarm(context, event.data);
    case 'backup':
      return describeBackup(context, event.data);
    case 'thing':
    case 'job':
    case 'execution':
    case 'reading':
      return undefined;
  }
}

function describeClick(click: ClickView): string {
  return `${click.clickType.padEnd(6)} click of ${click.thing}`;
}

function describeRun({ terminal }: Context, run: RunView): string | undefined {
  const retry = run.attempt > 1 ? `, attempt ${run.attempt}` : '';
  const took = run.durationMs === null ? '' : ` in ${formatDuration(run.durationMs)}`;
  if (run.state === 'SUCCEEDED')
    return `${terminal.style('green', '✓')} ${run.functionName} ran${took}${retry}`;
  if (run.state === 'FAILED')
    return `${terminal.style('red', '✗')} ${run.functionName}: ${run.error ?? 'failed'}`;
  return undefined;
}

function describeAlarm({ terminal }: Context, alarm: AlarmView): string | undefined {
  if (alarm.state === 'PENDING') return undefined;
  const mark = alarm.state === 'ALARM' ? terminal.style('red', '!') : terminal.style('green', '✓');
  return `${mark} alarm ${alarm.rule}: ${alarm.reason}`;
}

function describeBackup({ terminal }: Context, report: BackupReport): string | undefined {
  if (report.state === 'RUNNING') return undefined;
  if (report.state === 'FAILED')
    return `${terminal.style('red', '✗')} backup ${report.job}: ${report.error ?? 'failed'}`;
  const files = report.filesNew + report.filesChanged + report.filesUnmodified;
  return `${terminal.style('green', '✓')} backup ${report.job}: ${countOf(files, 'file')}, ${formatBytes(report.bytesAdded)} added`;
}

function timeOf({ clock }: Context): string {
  return new Date(clock.now()).toTimeString().slice(0, 8);
}
