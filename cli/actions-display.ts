/** Shows actions and their runs. */
import type { ActionView } from '../core/wire/actions.js';
import type { RunView } from '../core/wire/api.js';
import { formatDuration, formatTable, type Terminal } from './terminal.js';

export function showActions(terminal: Terminal, actions: readonly ActionView[]): void {
  if (terminal.json) {
    terminal.printJson(actions);
    return;
  }
  if (actions.length === 0) {
    terminal.note('The configuration has no functions.');
    return;
  }
  const rows = actions.map(({ name, kind, running, waiting, failed }) => [
    name,
    kind,
    String(running),
    String(waiting),
    failed === 0 ? '-' : terminal.style('red', String(failed)),
  ]);
  for (const line of formatTable([['NAME', 'KIND', 'RUNNING', 'WAITING', 'FAILED'], ...rows]))
    terminal.print(line);
}

export function showRuns(terminal: Terminal, runs: readonly RunView[], whenNone: string): void {
  if (terminal.json) {
    terminal.printJson(runs);
    return;
  }
  if (runs.length === 0) {
    terminal.note(whenNone);
    return;
  }
  const rows = runs.map((run) => [
    run.createdAt,
    run.id,
    run.functionName,
    causeOf(run),
    run.state.toLowerCase(),
    run.durationMs === null ? '-' : formatDuration(run.durationMs),
  ]);
  for (const line of formatTable([['WHEN', 'RUN', 'ACTION', 'CAUSE', 'STATE', 'TOOK'], ...rows]))
    terminal.print(line);
}

export function showRun(terminal: Terminal, run: RunView): void {
  if (terminal.json) {
    terminal.printJson(run);
    return;
  }
  const facts: [string, string][] = [
    ['Action:', run.functionName],
    ['Cause:', causeOf(run)],
    ['State:', `${run.state.toLowerCase()}, attempt ${run.attempt}`],
    ['Took:', run.durationMs === null ? '-' : formatDuration(run.durationMs)],
    ...(run.error === null ? [] : ([['Error:', terminal.style('red', run.error)]] as [string, string][])),
  ];
  for (const line of formatTable(facts)) terminal.print(line);
  if (run.log) terminal.print(run.log.trimEnd());
}

function causeOf({ source, thing }: RunView): string {
  return thing === null ? `${source.kind} ${source.id}` : `${source.kind} of ${thing}`;
}
