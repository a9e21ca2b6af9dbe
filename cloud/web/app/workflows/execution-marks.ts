/** What an execution's history says about each state: passed, under way, failed. Pure. */
import type { ExecutionView } from '../../../../core/wire/workflows.js';
import { waitWords } from '../format/workflow-words.js';

export type MarkKind =
  | 'done'
  | 'now'
  /** Its error was caught: the workflow went another way. */
  | 'caught'
  | 'failed'
  /** Left where it was when the workflow ended elsewhere or was stopped. */
  | 'cut';

export interface Mark {
  readonly kind: MarkKind;
  /** In a few words. */
  readonly text: string;
}

const texts: Record<MarkKind, string> = {
  done: 'done',
  now: 'is here',
  caught: 'error caught',
  failed: 'failed here',
  cut: 'cut off here',
};

/** By the path of the state; a state that was not reached has none. */
export function marksOf(execution: ExecutionView): ReadonlyMap<string, Mark> {
  const kinds = new Map<string, MarkKind>();
  let last = '';
  const history = execution.history ?? [];
  for (const { type, state } of history) {
    if (state === '') continue;
    last = state;
    if (type === 'StateEntered') kinds.set(state, 'cut');
    else if (type === 'StateExited') kinds.set(state, 'done');
    else if (type === 'ErrorCaught') kinds.set(state, 'caught');
  }
  // Of a very long history the backend has the beginning only.
  if (history.at(-1)?.type === 'ExecutionFailed') markFailed(kinds, last);
  const marks = new Map([...kinds].map(([path, kind]) => [path, { kind, text: texts[kind] }]));
  for (const { state, waitsFor } of execution.at)
    marks.set(state, { kind: 'now', text: waitWords[waitsFor] });
  return marks;
}

/** The state of the last event failed, and what it is in; without one, all that were under way. */
function markFailed(kinds: Map<string, MarkKind>, last: string): void {
  const isOpen = kinds.get(last) === 'cut';
  for (const [path, kind] of kinds) {
    if (kind !== 'cut') continue;
    if (!isOpen || path === last || last.startsWith(`${path}/`)) kinds.set(path, 'failed');
  }
}

/** The innermost states that failed, by name. */
export function failedStates(marks: ReadonlyMap<string, Mark>): string[] {
  const failed = [...marks].filter(([, { kind }]) => kind === 'failed').map(([path]) => path);
  return failed
    .filter((path) => !failed.some((other) => other.startsWith(`${path}/`)))
    .map((path) => path.split('/').at(-1) ?? path);
}
