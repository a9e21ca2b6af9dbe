/**
 * Workflows as actions: a run begins an execution and ends with it, however long that takes. A run that
 * was cut off finds its execution again; one that is replayed begins another.
 */
import type { GatehouseError } from '../../core/errors.js';
import type { Action, ActionOutcome, Invocation } from '../actions/action.js';
import { workflowArn, workflowNameOf } from '../actions/arn.js';
import type { WorkflowActions } from '../actions/catalog.js';
import { actionClosed } from '../actions/errors.js';
import type { WorkflowEngine } from './engine.js';
import { workflowFailed, workflowUnknown } from './errors.js';
import type { StoredEnd } from './execution-values.js';
import type { Json } from './reference-path.js';
import type { WorkflowStore } from './workflow-store.js';

export class WorkflowRuns implements WorkflowActions {
  readonly #store: WorkflowStore;
  readonly #engine: () => WorkflowEngine;
  readonly #waiting = new Map<string, (outcome: ActionOutcome) => void>();
  /** By ARN. */
  readonly #actions = new Map<string, Action>();
  #released = false;

  constructor(store: WorkflowStore, engine: () => WorkflowEngine) {
    this.#store = store;
    this.#engine = engine;
  }

  arnOf(target: string): string | undefined {
    const name = workflowNameOf(target) ?? target;
    return this.#store.newest(name) === undefined ? undefined : workflowArn(name);
  }

  actionOf(arn: string): Action | undefined {
    const name = workflowNameOf(arn);
    if (name === undefined || this.arnOf(arn) !== arn) return undefined;
    const known = this.#actions.get(arn);
    if (known !== undefined) return known;
    const action: Action = {
      concurrency: Number.POSITIVE_INFINITY,
      release: () => {},
      invoke: (invocation) => this.#invoke(name, invocation),
      close: async () => {},
    };
    this.#actions.set(arn, action);
    return action;
  }

  /** For the engine: an execution has ended. */
  ended(id: string, end: StoredEnd): void {
    this.#waiting.get(id)?.(outcomeOf(end));
    this.#waiting.delete(id);
  }

  release(): void {
    this.#released = true;
    for (const settle of this.#waiting.values()) settle({ ok: false, log: '', error: actionClosed() });
    this.#waiting.clear();
  }

  async #invoke(
    name: string,
    { runId, replays = 0, thing = null, event }: Invocation,
  ): Promise<ActionOutcome> {
    const workflow = this.#store.newest(name);
    if (workflow === undefined) return failed(workflowUnknown(name));
    if (this.#released) return failed(actionClosed());
    const id = replays === 0 ? runId : `${runId}.${replays}`;
    const outcome = new Promise<ActionOutcome>((resolve) => this.#waiting.set(id, resolve));
    try {
      const end = await this.#engine().begin(id, workflow, thing, JSON.parse(event) as Json);
      if (end !== undefined) this.ended(id, end);
    } catch (error) {
      this.#waiting.delete(id);
      return failed(error as GatehouseError);
    }
    return outcome;
  }
}

function outcomeOf(end: StoredEnd): ActionOutcome {
  if (end.state === 'SUCCEEDED') return { ok: true, log: '', result: JSON.stringify(end.output) };
  if (end.state === 'STOPPED') return failed(workflowFailed('States.Stopped', 'somebody stopped it'));
  return failed(workflowFailed(end.error, end.cause));
}

function failed(error: GatehouseError): ActionOutcome {
  return { ok: false, log: `${error.message}\n`, error };
}
