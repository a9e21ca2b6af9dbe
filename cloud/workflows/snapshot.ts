/** Where an execution stands, as it is kept in the database. */
import type { Json } from './reference-path.js';

export type Wait =
  /** It goes on at once. */
  | { readonly kind: 'ready' }
  /** A run is under way; `dueMs`: when the state gives up waiting. */
  | { readonly kind: 'task'; readonly step: number; readonly dueMs: number | null }
  | { readonly kind: 'wait'; readonly dueMs: number }
  | { readonly kind: 'retry'; readonly dueMs: number }
  /** Its branches are under way. `results` holds what has ended, by branch; null for what has not. */
  | { readonly kind: 'branches'; readonly results: readonly ({ readonly output: Json } | null)[] };

/** One place where an execution stands; a Parallel state makes one more per branch. */
export interface Token {
  readonly id: number;
  /** The token that stands at the Parallel state. */
  readonly parent: number | null;
  readonly branch: number;
  readonly state: string;
  readonly enteredMs: number;
  /** The state's input as it came, before InputPath. */
  readonly input: Json;
  /** How often each retrier of the state was used. */
  readonly retries: readonly number[];
  readonly wait: Wait;
}

export interface Snapshot {
  readonly tokens: readonly Token[];
  readonly nextToken: number;
  readonly nextStep: number;
  readonly events: number;
}

export interface TaskRequest {
  readonly step: number;
  readonly resource: string;
  readonly input: Json;
}

export interface HistoryEvent {
  readonly type: string;
  /** The state, with the branches around it: `Both/0/Left`. Empty for the execution itself. */
  readonly state: string;
  readonly detail: Json;
}

export type ExecutionEnd =
  | { readonly state: 'SUCCEEDED'; readonly output: Json }
  | { readonly state: 'FAILED'; readonly error: string; readonly cause: string };

export type TaskOutcome =
  | { readonly ok: true; readonly output: Json }
  | { readonly ok: false; readonly error: string; readonly cause: string };

/** When the next of its waits ends; null when none of them ends by itself. */
export function nextDueMs({ tokens }: Snapshot): number | null {
  const due = tokens.map(({ wait }) => ('dueMs' in wait ? wait.dueMs : null)).filter((ms) => ms !== null);
  return due.length === 0 ? null : Math.min(...due);
}
