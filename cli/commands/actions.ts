/** `gatehouse actions`: what runs for presses and alarms, how it went, and what failed for good. */

import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { messageOf } from '../../core/errors.js';
import type { ActionView, DeadLetterChoice } from '../../core/wire/actions.js';
import type { RunView } from '../../core/wire/api.js';
import { showActions, showRun, showRuns } from '../actions-display.js';
import { addBackendOptions, connectBackend } from '../backend.js';
import { usageError } from '../exit-code.js';
import { count } from '../option-values.js';

const help = `
A run that failed in all its attempts waits in the dead-letter list. Replayed, it starts anew under
its old id, which reaches the action as awsRequestId, Message-Id or X-Gatehouse-Run.

Examples:
  gatehouse actions run hello --thing button-1
  gatehouse actions dead-letters
  gatehouse actions replay --function call-help
  gatehouse actions replay --all`;

export function addActions(program: Command): void {
  const actions = addBackendOptions(program.command('actions'))
    .description('what runs for a press or an alarm: list, run, log, replay what failed')
    .addHelpText('after', help);
  actions
    .command('list')
    .description('every function, how busy it is, and how many of its runs failed for good')
    .action(async (_flags, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      showActions(terminal, await api.get<ActionView[]>('/actions'));
    });
  addRun(actions);
  actions
    .command('runs')
    .description('the newest runs')
    .addOption(new Option('--last <n>', 'at most so many').argParser(count).default(20))
    .action(async ({ last }: { last: number }, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      showRuns(terminal, await api.get<RunView[]>(`/runs?limit=${last}`), 'Nothing has run yet.');
    });
  actions
    .command('log')
    .description('one run with its log')
    .argument('<run>', 'its id')
    .action(async (id: string, _flags, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      showRun(terminal, await api.get<RunView>(`/runs/${encodeURIComponent(id)}`));
    });
  actions
    .command('dead-letters')
    .description('runs that failed in all their attempts, newest first')
    .addOption(new Option('--last <n>', 'at most so many').argParser(count).default(100))
    .action(async ({ last }: { last: number }, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      showRuns(
        terminal,
        await api.get<RunView[]>(`/dead-letters?limit=${last}`),
        'Nothing has failed for good.',
      );
    });
  addChoice(actions, 'replay', 'run them again, oldest first', 'Started again');
  addChoice(actions, 'discard', 'take them off the list; they stay in the activity', 'Discarded');
}

interface RunFlags {
  readonly thing?: string;
  readonly event?: string;
  readonly id?: string;
}

function addRun(actions: Command): void {
  actions
    .command('run')
    .description('run an action by hand')
    .argument('<target>', 'name of a function, or an ARN')
    .addOption(new Option('--thing <name>', 'the device that it is about'))
    .addOption(new Option('--event <file>', 'JSON object that it gets (default: a click of that device)'))
    .addOption(new Option('--id <id>', 'the same id runs it once, however often it is sent'))
    .action(async (target: string, flags: RunFlags, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const event = flags.event === undefined ? undefined : await readEvent(flags.event);
      const { runId } = await api.post<{ runId: string }>('/actions/run', { ...flags, target, event });
      if (terminal.json) return terminal.printJson({ runId });
      terminal.print(runId);
      terminal.note(`How it went: gatehouse actions log ${runId}`);
      return undefined;
    });
}

/** @throws USAGE when it cannot be read or is not JSON. */
async function readEvent(filePath: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(filePath, 'utf8'));
  } catch (error) {
    throw usageError(`Cannot read the event in ${filePath}: ${messageOf(error)}.`);
  }
}

interface ChoiceFlags {
  readonly function?: string;
  readonly all?: boolean;
}

function addChoice(actions: Command, name: string, description: string, done: string): void {
  actions
    .command(name)
    .description(description)
    .argument('[runs...]', 'ids from the dead-letter list')
    .addOption(new Option('--function <name>', 'all of one action').conflicts('all'))
    .addOption(new Option('--all', 'all there are'))
    .action(async (runIds: string[], flags: ChoiceFlags, command: Command) => {
      const choice = choiceOf(runIds, flags);
      const { api, terminal } = await connectBackend(command);
      const answer = await api.post<{ runIds: string[] }>(`/dead-letters/${name}`, choice);
      if (terminal.json) return terminal.printJson(answer);
      terminal.print(`${done}: ${answer.runIds.length}.`);
      return undefined;
    });
}

/** @throws USAGE unless exactly one way of choosing was taken. */
function choiceOf(runIds: readonly string[], flags: ChoiceFlags): DeadLetterChoice {
  const ways = Number(runIds.length > 0) + Number(flags.function !== undefined) + Number(flags.all === true);
  if (ways !== 1)
    throw usageError('Name runs, or --function NAME, or --all.', 'See "gatehouse actions dead-letters".');
  if (flags.function !== undefined) return { functionName: flags.function };
  return flags.all === true ? { all: true } : { runIds: [...runIds] };
}
