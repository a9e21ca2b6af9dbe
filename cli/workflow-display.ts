/** Draws workflows and executions in text. */
import type { ExecutionPosition, ExecutionView, WorkflowView } from '../core/wire/workflows.js';
import { type GraphState, workflowGraph } from '../core/workflow-graph.js';
import { formatTable, type Terminal } from './terminal.js';

export function showWorkflows(terminal: Terminal, workflows: readonly WorkflowView[]): void {
  if (terminal.json) {
    terminal.printJson(workflows);
    return;
  }
  if (workflows.length === 0)
    terminal.note('No workflows yet. Make one: gatehouse workflow create NAME FILE');
  const rows = workflows.map(({ name, version, running, updatedAt, comment }) => [
    name,
    String(version),
    String(running),
    updatedAt,
    comment,
  ]);
  if (rows.length === 0) return;
  for (const line of formatTable([['NAME', 'VERSION', 'RUNNING', 'SAVED', 'COMMENT'], ...rows]))
    terminal.print(line);
}

/** The drawing, with where the execution stands when there is one. */
export function drawWorkflow(
  terminal: Terminal,
  definition: unknown,
  execution: ExecutionView | undefined,
): void {
  const at = new Map((execution?.at ?? []).map((position) => [position.state, position]));
  const entered = new Set(
    (execution?.history ?? []).filter(({ type }) => type === 'StateEntered').map(({ state }) => state),
  );
  for (const line of linesOf(terminal, workflowGraph(definition), { at, entered })) terminal.print(line);
}

interface Progress {
  readonly at: ReadonlyMap<string, ExecutionPosition>;
  readonly entered: ReadonlySet<string>;
}

function linesOf(terminal: Terminal, states: readonly GraphState[], progress: Progress): string[] {
  return states.flatMap((state) => [
    headOf(terminal, state, progress),
    ...state.branches.flatMap((branch, at) => [
      `  │ branch ${at + 1}`,
      ...linesOf(terminal, branch, progress).map((line) => `  │ ${line}`),
    ]),
    ...state.exits.map(({ to, kind, label }, at) => {
      const isLast = at === state.exits.length - 1;
      const words = kind === 'catch' ? ` on ${label}` : label === '' ? '' : ` ${label}`;
      return terminal.style('dim', `  ${isLast ? '└' : '├'}${words} → ${to}`);
    }),
  ]);
}

const waits: Record<ExecutionPosition['waitsFor'], string> = {
  nothing: 'goes on',
  task: 'runs',
  time: 'waits',
  retry: 'waits to try again',
  branches: 'branches run',
};

function headOf(terminal: Terminal, state: GraphState, { at, entered }: Progress): string {
  const position = at.get(state.path);
  const words = [state.type, state.detail].filter((word) => word !== '').join(' ');
  const text = `${state.name}  (${words})`;
  if (position === undefined)
    return entered.has(state.path) ? terminal.style('green', `✓ ${text}`) : `  ${text}`;
  const until = position.until === null ? '' : ` until ${position.until}`;
  return terminal.style(
    ['bold', 'cyan'],
    `▶ ${text}  ${waits[position.waitsFor]} since ${position.since}${until}`,
  );
}

export function showExecutions(terminal: Terminal, executions: readonly ExecutionView[]): void {
  if (terminal.json) {
    terminal.printJson(executions);
    return;
  }
  if (executions.length === 0) terminal.note('It has not been started yet.');
  const rows = executions.map((one) => [
    one.startedAt,
    one.id,
    one.state.toLowerCase(),
    one.error ?? one.at.map(({ state }) => state).join(', '),
  ]);
  if (rows.length === 0) return;
  for (const line of formatTable([['STARTED', 'EXECUTION', 'STATE', 'AT'], ...rows])) terminal.print(line);
}

export function showHistory(terminal: Terminal, execution: ExecutionView): void {
  if (terminal.json) {
    terminal.printJson(execution);
    return;
  }
  const rows = (execution.history ?? []).map(({ time, type, state, detail }) => [
    time,
    type,
    state,
    JSON.stringify(detail),
  ]);
  for (const line of formatTable([['WHEN', 'EVENT', 'STATE', 'DETAIL'], ...rows]))
    terminal.print(line.slice(0, 400));
}
