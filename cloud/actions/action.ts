/** The port of an action: what runs for a click, or for another cause. Implemented by Node handlers and by e-mail. */
import type { GatehouseError } from '../../core/errors.js';
import type { Closeable } from '../../core/lifecycle.js';

export interface Invocation {
  readonly runId: string;
  /** 1 for the first attempt. Above 1 the action may have had its effect before. */
  readonly attempt: number;
  /** The thing that it is about; null for none. */
  readonly thing?: string | null;
  /** How often it was taken out of the dead-letter list. */
  readonly replays?: number;
  /** As JSON. */
  readonly event: string;
}

export type ActionOutcome =
  /** `result`: what it returned, as JSON; of use to workflows only. */
  | { readonly ok: true; readonly log: string; readonly result?: string }
  /** `error.retryable` decides whether another attempt is made. */
  | { readonly ok: false; readonly log: string; readonly error: GatehouseError };

export interface Action extends Closeable {
  /** How many invocations may be under way at the same time. */
  readonly concurrency: number;
  /** Pauses before its second, third ... attempt; those of the configuration when absent. */
  readonly retryDelaysMs?: readonly number[] | undefined;
  /**
   * For what goes on without anybody waiting for it, such as a workflow: invocations take no slot, and
   * when the cloud stops each ends at once with ACTION_CLOSED, to be taken up again.
   */
  release?(): void;
  /** Never rejects: what goes wrong is an outcome. Ends within the action's own time limit. */
  invoke(invocation: Invocation): Promise<ActionOutcome>;
}
