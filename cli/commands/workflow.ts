/** `gatehouse workflow`: actions in several steps, written in the Amazon States Language. */
import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { messageOf } from '../../core/errors.js';
import type { ExecutionView, WorkflowView } from '../../core/wire/workflows.js';
import { addBackendOptions, connectBackend } from '../backend.js';
import { usageError } from '../exit-code.js';
import { count } from '../option-values.js';
import { drawWorkflow, showExecutions, showHistory, showWorkflows } from '../workflow-display.js';

const help = `
A press begins a workflow when its callback is the workflow's ARN:
  arn:aws:states:local:000000000000:stateMachine:NAME

Examples:
  gatehouse workflow create visit visit.json
  gatehouse workflow start visit --thing button-1
  gatehouse workflow show visit
  gatehouse workflow history visit`;

export function addWorkflow(program: Command): void {
  const workflow = addBackendOptions(program.command('workflow'))
    .description('actions in several steps: create, list, show, start, history, stop')
    .addHelpText('after', help);
  addCreate(workflow);
  workflow
    .command('list')
    .description('every workflow, and how many of its executions are under way')
    .action(async (_flags, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      showWorkflows(terminal, await api.get<WorkflowView[]>('/workflows'));
    });
  addShow(workflow);
  addStart(workflow);
  addHistory(workflow);
  workflow
    .command('stop')
    .description('stop an execution where it stands; a task that runs already runs to its end')
    .argument('<execution>', 'its id')
    .action(async (id: string, _flags, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const view = await api.post<ExecutionView>(`/executions/${encodeURIComponent(id)}/stop`);
      if (terminal.json) return terminal.printJson(view);
      terminal.print(`Stopped ${id}.`);
      return undefined;
    });
}

function addCreate(workflow: Command): void {
  workflow
    .command('create')
    .description('save a definition; whatever does not run here is refused, by its path')
    .argument('<name>', 'letters, digits, - and _')
    .argument('<file>', 'its definition, JSON in the Amazon States Language')
    .addOption(new Option('--replace', 'change a workflow that exists; executions keep their version'))
    .action(async (name: string, file: string, flags: { replace?: boolean }, command: Command) => {
      const definition = await readJson(file);
      const { api, terminal } = await connectBackend(command);
      const body = { name, definition, replace: flags.replace ?? false };
      const view = await api.post<WorkflowView>('/workflows', body);
      if (terminal.json) return terminal.printJson(view);
      terminal.print(`Saved ${view.name}, version ${view.version}.`);
      terminal.note(`Its ARN, for a callback: ${view.arn}`);
      return undefined;
    });
}

function addShow(workflow: Command): void {
  workflow
    .command('show')
    .description('draw a workflow, and where its newest execution stands')
    .argument('<name>', 'the workflow')
    .addOption(new Option('--execution <id>', 'another execution than the newest'))
    .action(async (name: string, flags: { execution?: string }, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const view = await api.get<WorkflowView>(`/workflows/${encodeURIComponent(name)}`);
      const id = flags.execution ?? (await newestOf(command, name))?.id;
      const execution = id === undefined ? undefined : await executionOf(command, id);
      if (terminal.json) return terminal.printJson({ workflow: view, execution: execution ?? null });
      terminal.print(terminal.style('bold', `${view.name}, version ${execution?.version ?? view.version}`));
      if (execution !== undefined) {
        const why = execution.error === null ? '' : `: ${execution.error}: ${execution.cause}`;
        terminal.print(`${execution.id}  ${execution.state.toLowerCase()}${why}`);
      }
      drawWorkflow(terminal, execution?.definition ?? view.definition, execution);
      return undefined;
    });
}

interface StartFlags {
  readonly thing?: string;
  readonly input?: string;
  readonly id?: string;
}

function addStart(workflow: Command): void {
  workflow
    .command('start')
    .description('begin an execution by hand')
    .argument('<name>', 'the workflow')
    .addOption(new Option('--thing <device>', 'the device that it is about'))
    .addOption(new Option('--input <file>', 'JSON object that it gets (default: a click of that device)'))
    .addOption(new Option('--id <id>', 'the same id begins it once, however often it is sent'))
    .action(async (name: string, { thing, input, id }: StartFlags, command: Command) => {
      const event = input === undefined ? undefined : await readJson(input);
      const { api, terminal } = await connectBackend(command);
      const { arn } = await api.get<WorkflowView>(`/workflows/${encodeURIComponent(name)}`);
      const { runId } = await api.post<{ runId: string }>('/actions/run', { target: arn, thing, event, id });
      if (terminal.json) return terminal.printJson({ executionId: runId });
      terminal.print(runId);
      terminal.note(`Where it stands: gatehouse workflow show ${name}`);
      return undefined;
    });
}

function addHistory(workflow: Command): void {
  workflow
    .command('history')
    .description('the executions of a workflow; of one, every event')
    .argument('<name>', 'the workflow')
    .argument('[execution]', 'its id, or "latest"')
    .addOption(new Option('--last <n>', 'at most so many').argParser(count).default(20))
    .action(async (name: string, id: string | undefined, flags: { last: number }, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      if (id === undefined) {
        const path = `/workflows/${encodeURIComponent(name)}/executions?limit=${flags.last}`;
        return showExecutions(terminal, await api.get<ExecutionView[]>(path));
      }
      const chosen = id === 'latest' ? (await newestOf(command, name))?.id : id;
      if (chosen === undefined) return terminal.note('It has not been started yet.');
      return showHistory(terminal, await executionOf(command, chosen));
    });
}

async function newestOf(command: Command, name: string): Promise<ExecutionView | undefined> {
  const { api } = await connectBackend(command);
  const [newest] = await api.get<ExecutionView[]>(
    `/workflows/${encodeURIComponent(name)}/executions?limit=1`,
  );
  return newest;
}

async function executionOf(command: Command, id: string): Promise<ExecutionView> {
  const { api } = await connectBackend(command);
  return api.get<ExecutionView>(`/executions/${encodeURIComponent(id)}`);
}

/** @throws USAGE when the file cannot be read or is not JSON. */
async function readJson(filePath: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(filePath, 'utf8'));
  } catch (error) {
    throw usageError(`Cannot read ${filePath}: ${messageOf(error)}.`);
  }
}
