/** What can go wrong with workflows. */
import { GatehouseError } from '../../core/errors.js';
import { causeText } from '../../core/workflow-cause.js';

/** The definition does not fit; each line names a place in it. */
export function workflowInvalid(faults: readonly string[]): GatehouseError {
  const shown = faults.slice(0, 50).map((fault) => `\n  ${fault}`);
  return new GatehouseError('WORKFLOW_INVALID', `The definition does not fit:${shown.join('')}`, {
    hint: 'Mend the places named above; docs/workflows.md lists what runs here.',
  });
}

/** There is no workflow of that name; see "gatehouse workflow list". */
export function workflowUnknown(name: string): GatehouseError {
  return new GatehouseError('WORKFLOW_UNKNOWN', `There is no workflow "${name}".`, { context: { name } });
}

/** A workflow of that name exists; change it with "replace", or take another name. */
export function workflowExists(name: string): GatehouseError {
  return new GatehouseError('WORKFLOW_EXISTS', `There is a workflow "${name}" already.`, {
    context: { name },
    hint: 'Change it with --replace; executions under way keep the version that they began with.',
  });
}

/** There is no execution of that id. */
export function executionUnknown(id: string): GatehouseError {
  return new GatehouseError('EXECUTION_UNKNOWN', `There is no execution "${id}".`, { context: { id } });
}

/** The execution has ended; nothing can be stopped any more. */
export function executionEnded(id: string): GatehouseError {
  return new GatehouseError('EXECUTION_ENDED', `The execution ${id} has ended.`, { context: { id } });
}

/** A workflow that an action or a press began came to its end with an error; its history shows where. */
export function workflowFailed(error: string, cause: string): GatehouseError {
  return new GatehouseError('WORKFLOW_FAILED', `The workflow failed: ${error}: ${causeText(cause)}`, {
    context: { error },
    hint: 'See "gatehouse workflow history" of this execution.',
  });
}
