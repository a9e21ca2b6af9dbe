/** How an execution of a workflow stands, in a word. */
import type { ExecutionView } from '../../../../core/wire/workflows.js';
import { executionWords } from '../format/workflow-words.js';
import { Badge, type Tone } from './parts.js';

const tones: Record<ExecutionView['state'], Tone> = {
  RUNNING: 'busy',
  SUCCEEDED: 'good',
  FAILED: 'bad',
  STOPPED: 'calm',
};

export function ExecutionState({ state }: Pick<ExecutionView, 'state'>) {
  return <Badge tone={tones[state]}>{executionWords[state]}</Badge>;
}
