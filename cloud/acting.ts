/** What acts on presses, alarms and requests, put together: functions, workflows, their runs. */
import type { Clock } from '../core/clock.js';
import type { Lifetimes } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import { ActionDesk } from './actions/action-desk.js';
import { ActionCatalog } from './actions/catalog.js';
import { DeadLetters } from './actions/dead-letters.js';
import { Dispatcher } from './actions/dispatcher.js';
import { openActions } from './actions/open-actions.js';
import type { RunEnd, RunStore, StartedRun } from './actions/run-store.js';
import { AwsClients } from './aws/aws-clients.js';
import type { CloudConfig } from './config.js';
import type { StreamHub } from './http/stream-hub.js';
import { type Links, publishOn, sendCommand, sendFeedback } from './intake.js';
import type { Stores } from './stores.js';
import { switchRemotely } from './things/remote-output.js';
import { WorkflowEngine } from './workflows/engine.js';
import { WorkflowRuns } from './workflows/workflow-actions.js';
import { WorkflowStore } from './workflows/workflow-store.js';

export interface Acting {
  readonly aws: AwsClients;
  readonly dispatcher: Dispatcher;
  readonly runs: RunStore;
  readonly deadLetters: DeadLetters;
  readonly actionDesk: ActionDesk;
  readonly workflows: WorkflowStore;
  readonly workflowEngine: WorkflowEngine;
}

interface ActingParts {
  readonly stores: Stores;
  readonly links: Links;
  readonly hub: StreamHub;
  readonly clock: Clock;
  readonly log: Logger;
}

export async function openActing(
  config: CloudConfig,
  parts: ActingParts,
  lifetimes: Lifetimes,
): Promise<Acting> {
  const { stores, links, hub, clock, log } = parts;
  const { database } = stores;
  const aws = lifetimes.add('AWS clients', new AwsClients(config.aws ?? {}));
  const functions = await openActions({
    functions: config.functions,
    smtp: config.smtp,
    environment: process.env,
    aws,
    publish: (topic, payload, settings) => publishOn(links, topic, payload, settings),
    switchOutput: (thing, request, id) =>
      switchRemotely(stores.states, (to, command) => sendCommand(links, to, command), thing, request, id),
    clock,
    log,
  });
  // The dispatcher closes them too, after its runs; this is for a start that fails half-way.
  for (const [name, action] of functions) lifetimes.add(`function ${name}`, action);
  const workflows = await WorkflowStore.open(database, clock);
  const workflowRuns = new WorkflowRuns(workflows, () => workflowEngine);
  const workflowEngine = await WorkflowEngine.open({
    database,
    store: workflows,
    clock,
    log,
    random: Math.random,
    onMove: (view) => hub.publish({ type: 'execution', data: view }),
    onEnd: (id, end) => workflowRuns.ended(id, end),
  });
  lifetimes.add('workflows', workflowEngine);
  const dispatcher = await Dispatcher.open({
    database,
    actions: new ActionCatalog({ functions, workflows: workflowRuns, aws: config.aws && aws, clock }),
    ...config.actions,
    clock,
    log,
    onRun: (run) => hub.publish({ type: 'run', data: run }),
    onSettled: (run, end) => {
      links.alarms?.ran(run.functionName, end.state === 'SUCCEEDED');
      if (run.source.kind === 'workflow') workflowEngine.stepEnded(run, end);
      else if (run.source.kind === 'click') tellButton(parts, run, end);
    },
  });
  lifetimes.add('actions', dispatcher);
  await workflowEngine.start(dispatcher);
  const deadLetters = new DeadLetters(database, dispatcher, clock);
  const { region } = config.oneClick;
  const desk = { ...stores, functions: config.functions, dispatcher, deadLetters, clock, region };
  const actionDesk = new ActionDesk(desk);
  return { aws, dispatcher, runs: dispatcher.runs, deadLetters, actionDesk, workflows, workflowEngine };
}

function tellButton({ links, log }: ActingParts, { source, thing }: StartedRun, end: RunEnd): void {
  if (thing === null) return;
  const outcome = end.state === 'SUCCEEDED' ? 'delivered' : 'failed';
  sendFeedback(links, log, thing, { v: 1, id: source.id, outcome });
}
