/**
 * What all ready-made actions have in common: the event is read, one call goes out under a time limit,
 * and whatever goes wrong becomes an outcome.
 */
import type { Clock } from '../../../core/clock.js';
import { GatehouseError, messageOf } from '../../../core/errors.js';
import type { Action, ActionOutcome, Invocation } from '../action.js';
import { actionClosed, actionTimedOut, eventUnreadable } from '../errors.js';

export interface Delivered {
  /** For the log of the run. */
  readonly log: string;
  /** As JSON, for a workflow. */
  readonly result?: string;
}

/** @throws GatehouseError for what is to be shown; anything else counts as passing. */
export type Deliver = (event: object, invocation: Invocation, signal: AbortSignal) => Promise<Delivered>;

export interface ReadyMadeLimits {
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly retryDelaysMs?: readonly number[] | undefined;
}

export class ReadyMadeAction implements Action {
  readonly concurrency: number;
  readonly retryDelaysMs: readonly number[] | undefined;
  readonly #timeoutMs: number;
  readonly #deliver: Deliver;
  readonly #clock: Clock;
  /** One for each call: a signal that joined them to one of the action's own would stay there for ever. */
  readonly #underWay = new Set<AbortController>();
  #isClosed = false;

  constructor(limits: ReadyMadeLimits, clock: Clock, deliver: Deliver) {
    this.concurrency = limits.concurrency;
    this.retryDelaysMs = limits.retryDelaysMs;
    this.#timeoutMs = limits.timeoutMs;
    this.#clock = clock;
    this.#deliver = deliver;
  }

  async invoke(invocation: Invocation): Promise<ActionOutcome> {
    const limit = new AbortController();
    const { signal } = limit;
    if (this.#isClosed) limit.abort(actionClosed());
    this.#underWay.add(limit);
    const timer = this.#clock.after(this.#timeoutMs, () => limit.abort(actionTimedOut(this.#timeoutMs)));
    try {
      const work = this.#deliver(objectOf(invocation.event), invocation, signal);
      return { ok: true, ...(await untilAborted(work, signal)) };
    } catch (error) {
      const known = signal.aborted ? (signal.reason as GatehouseError) : knownError(error);
      return { ok: false, log: `${known.message}\n`, error: known };
    } finally {
      timer.cancel();
      this.#underWay.delete(limit);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const limit of this.#underWay) limit.abort(actionClosed());
  }
}

function objectOf(event: string): object {
  const value: unknown = JSON.parse(event);
  if (typeof value !== 'object' || value === null) throw eventUnreadable();
  return value;
}

/** Unlike a handler's process, a call that does not heed its signal cannot be killed, only left alone. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {});
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
    return undefined;
  });
}

function knownError(error: unknown): GatehouseError {
  if (error instanceof GatehouseError) return error;
  return new GatehouseError('ACTION_FAILED', messageOf(error), { cause: error });
}
