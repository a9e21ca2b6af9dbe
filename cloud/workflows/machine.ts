/**
 * One execution, moved on: what came in and where it stood give where it stands, which tasks are to
 * run, and what is to be written down. Pure: nothing is stored or started here, time comes in.
 */

import { contextOf, type ExecutionFacts } from './context-object.js';
import { filled, selected, withResult } from './data-flow.js';
import type { Catcher, Definition, State, StateOf } from './definition.js';
import type { Json } from './reference-path.js';
import type {
  ExecutionEnd,
  HistoryEvent,
  Snapshot,
  TaskOutcome,
  TaskRequest,
  Token,
  Wait,
} from './snapshot.js';
import { isCovered, StateFault } from './state-fault.js';
import { choiceNext, retryDelayMs, timeoutMsOf, waitUntilMs } from './timing.js';
import { TokenTree } from './token-tree.js';

export interface Advance {
  readonly snapshot: Snapshot;
  readonly tasks: readonly TaskRequest[];
  readonly history: readonly HistoryEvent[];
  readonly end: ExecutionEnd | undefined;
  /** It has not come to rest: call again, after others had their turn. */
  readonly hasMore: boolean;
}

/** As AWS Step Functions has them. */
const maxEvents = 25_000;
const maxDataCharacters = 262_144;
/** A machine that never rests must let the rest of the program breathe. */
const maxStepsAtOnce = 100;
const secondMs = 1_000;

type Handled = StateOf<'Task'> | StateOf<'Parallel'>;

export class Machine {
  readonly #definition: Definition;
  readonly #tokens: TokenTree;
  readonly #facts: ExecutionFacts;
  readonly #nowMs: number;
  readonly #random: () => number;
  readonly #tasks: TaskRequest[] = [];
  readonly #history: HistoryEvent[] = [];
  #nextStep: number;
  #events: number;
  #end: ExecutionEnd | undefined;

  /** @param random gives 0 to 1, for retries with jitter. */
  constructor(
    definition: Definition,
    facts: ExecutionFacts,
    snapshot: Snapshot,
    nowMs: number,
    random: () => number,
  ) {
    this.#definition = definition;
    this.#facts = facts;
    this.#nowMs = nowMs;
    this.#random = random;
    this.#tokens = new TokenTree(definition, snapshot);
    this.#nextStep = snapshot.nextStep;
    this.#events = snapshot.events;
  }

  static begin(definition: Definition, facts: ExecutionFacts, nowMs: number, random: () => number): Machine {
    const empty = { tokens: [], nextToken: 0, nextStep: 0, events: 0 };
    const machine = new Machine(definition, facts, empty, nowMs, random);
    machine.#note('ExecutionStarted', '', { input: facts.input });
    machine.#tokens.add(definition.StartAt, facts.input, null, 0, nowMs);
    return machine;
  }

  /** A step that nobody waits for any more changes nothing. */
  taskEnded(step: number, outcome: TaskOutcome): void {
    const token = this.#tokens.ofStep(step);
    if (token === undefined) return;
    if (outcome.ok) {
      this.#note('TaskSucceeded', this.#tokens.pathOf(token), { step });
      this.#try(token, (state) => this.#deliver(token, state as StateOf<'Task'>, outcome.output));
    } else {
      this.#note('TaskFailed', this.#tokens.pathOf(token), {
        step,
        error: outcome.error,
        cause: outcome.cause,
      });
      this.#fail(token, new StateFault(outcome.error, outcome.cause));
    }
  }

  /** Wakes what is due. */
  timePassed(): void {
    const { TimeoutSeconds } = this.#definition;
    if (TimeoutSeconds !== undefined && this.#nowMs >= this.#facts.startedMs + TimeoutSeconds * secondMs) {
      this.#break('States.Timeout', `It took longer than ${TimeoutSeconds} s.`);
      return;
    }
    for (const token of this.#tokens.all) {
      const { wait } = token;
      if (!('dueMs' in wait) || wait.dueMs === null || wait.dueMs > this.#nowMs) continue;
      if (!this.#tokens.has(token.id)) continue;
      if (wait.kind === 'task') {
        this.#note('TaskTimedOut', this.#tokens.pathOf(token), { step: wait.step });
        this.#fail(token, new StateFault('States.Timeout', 'The task took longer than its state allows.'));
      } else if (wait.kind === 'retry') this.#tokens.set({ ...token, wait: { kind: 'ready' } });
      else this.#try(token, (state) => this.#leave(token, state, this.#effective(token, state)));
    }
  }

  /** Goes on until everything waits, it has ended, or others must have their turn. */
  advance(): Advance {
    let steps = 0;
    let ready = this.#tokens.ready();
    while (this.#end === undefined && ready !== undefined && steps < maxStepsAtOnce) {
      const token = ready;
      this.#try(token, (state) => this.#enter(token, state));
      if (this.#events > maxEvents) {
        this.#break('States.Runtime', `It has more than ${maxEvents} events.`);
      }
      steps++;
      ready = this.#tokens.ready();
    }
    return {
      snapshot: {
        tokens: this.#tokens.all,
        nextToken: this.#tokens.next,
        nextStep: this.#nextStep,
        events: this.#events,
      },
      tasks: this.#end === undefined ? this.#tasks : [],
      history: this.#history,
      end: this.#end,
      hasMore: this.#end === undefined && ready !== undefined,
    };
  }

  /** Whatever a state throws is that state's own failure. */
  #try(token: Token, work: (state: State) => void): void {
    try {
      work(this.#tokens.stateOf(token));
    } catch (error) {
      if (!(error instanceof StateFault)) throw error;
      this.#fail(token, error);
    }
  }

  #enter(token: Token, state: State): void {
    if (token.retries.every((count) => count === 0)) {
      this.#note('StateEntered', this.#tokens.pathOf(token), { input: token.input });
    }
    if (state.Type === 'Fail') {
      const cause = state.Cause ?? 'The workflow came to a Fail state.';
      throw new StateFault(state.Error ?? 'States.Failed', cause);
    }
    const input = this.#effective(token, state);
    const context = contextOf(this.#facts, token);
    if (state.Type === 'Task') this.#schedule(token, state, filled(state.Parameters, input, context));
    else if (state.Type === 'Parallel') this.#split(token, state, filled(state.Parameters, input, context));
    else if (state.Type === 'Choice') this.#leave(token, state, input, choiceNext(state, input, context));
    else if (state.Type === 'Succeed') this.#leave(token, state, input);
    else if (state.Type === 'Wait') {
      this.#hold(token, { kind: 'wait', dueMs: waitUntilMs(state, input, context, this.#nowMs) });
    } else {
      const result = state.Result ?? filled(state.Parameters, input, context);
      this.#leave(token, state, withResult(state.ResultPath, input, result));
    }
  }

  #effective(token: Token, state: State): Json {
    return 'InputPath' in state
      ? selected(state.InputPath, token.input, contextOf(this.#facts, token))
      : token.input;
  }

  #schedule(token: Token, state: StateOf<'Task'>, input: Json): void {
    const limitMs = timeoutMsOf(state, token.input, contextOf(this.#facts, token));
    const step = this.#nextStep++;
    this.#tasks.push({ step, resource: state.Resource, input });
    this.#note('TaskScheduled', this.#tokens.pathOf(token), { step, resource: state.Resource, input });
    this.#hold(token, { kind: 'task', step, dueMs: limitMs === undefined ? null : this.#nowMs + limitMs });
  }

  #split(token: Token, state: StateOf<'Parallel'>, input: Json): void {
    this.#hold(token, { kind: 'branches', results: state.Branches.map(() => null) });
    state.Branches.forEach((branch, at) => {
      this.#tokens.add(branch.StartAt, input, token.id, at, this.#nowMs);
    });
  }

  /** Puts a result where the state says, and goes on. */
  #deliver(token: Token, state: Handled, result: Json): void {
    const chosen = filled(state.ResultSelector, result, contextOf(this.#facts, token));
    this.#leave(token, state, withResult(state.ResultPath, this.#effective(token, state), chosen));
  }

  #leave(token: Token, state: State, data: Json, next = 'Next' in state ? state.Next : undefined): void {
    const path = 'OutputPath' in state ? state.OutputPath : undefined;
    const output = selected(path, data, contextOf(this.#facts, token));
    if (JSON.stringify(output).length > maxDataCharacters) {
      throw new StateFault(
        'States.DataLimitExceeded',
        `The output has more than ${maxDataCharacters} characters.`,
      );
    }
    this.#note('StateExited', this.#tokens.pathOf(token), { output });
    if (next === undefined) this.#endToken(token, output);
    else this.#move(token, next, output);
  }

  #move(token: Token, state: string, input: Json): void {
    this.#tokens.set({
      ...token,
      state,
      input,
      enteredMs: this.#nowMs,
      retries: [],
      wait: { kind: 'ready' },
    });
  }

  #endToken(token: Token, output: Json): void {
    const parent = this.#tokens.parentOf(token);
    this.#tokens.drop(token.id);
    if (parent === undefined) {
      this.#finish({ state: 'SUCCEEDED', output });
      return;
    }
    if (parent.wait.kind !== 'branches') return;
    const results = parent.wait.results.with(token.branch, { output });
    const done = results.filter((result) => result !== null);
    if (done.length < results.length) {
      this.#hold(parent, { kind: 'branches', results });
      return;
    }
    const outputs = done.map((result) => result.output);
    this.#try(parent, (state) => this.#deliver(parent, state as StateOf<'Parallel'>, outputs));
  }

  #fail(token: Token, fault: StateFault): void {
    this.#tokens.dropBranches(token.id);
    const state = this.#tokens.stateOf(token);
    if ((state.Type === 'Task' || state.Type === 'Parallel') && this.#isHandled(token, state, fault)) return;
    const parent = this.#tokens.parentOf(token);
    if (parent !== undefined) this.#fail(parent, fault);
    else this.#break(fault.error, fault.message);
  }

  #isHandled(token: Token, state: Handled, fault: StateFault): boolean {
    const at = state.Retry.findIndex((retrier) => isCovered(retrier.ErrorEquals, fault.error));
    const retrier = state.Retry[at];
    const used = token.retries[at] ?? 0;
    if (retrier !== undefined && used < retrier.MaxAttempts) {
      const delayMs = retryDelayMs(retrier, used, this.#random);
      const retries = state.Retry.map((_, index) => (token.retries[index] ?? 0) + Number(index === at));
      this.#note('RetryScheduled', this.#tokens.pathOf(token), { error: fault.error, delayMs });
      this.#tokens.set({ ...token, retries, wait: { kind: 'retry', dueMs: this.#nowMs + delayMs } });
      return true;
    }
    const catcher = state.Catch.find(({ ErrorEquals }) => isCovered(ErrorEquals, fault.error));
    return catcher !== undefined && this.#isCaught(token, catcher, fault);
  }

  #isCaught(token: Token, catcher: Catcher, fault: StateFault): boolean {
    const told = { Error: fault.error, Cause: fault.message };
    try {
      const output = withResult(catcher.ResultPath, token.input, told);
      this.#note('ErrorCaught', this.#tokens.pathOf(token), { error: fault.error, next: catcher.Next });
      this.#move(token, catcher.Next, output);
      return true;
    } catch (error) {
      if (error instanceof StateFault) return false;
      throw error;
    }
  }

  #break(error: string, cause: string): void {
    this.#finish({ state: 'FAILED', error, cause });
  }

  #finish(end: ExecutionEnd): void {
    this.#end = end;
    this.#tokens.clear();
    const { state, ...detail } = end;
    this.#note(state === 'SUCCEEDED' ? 'ExecutionSucceeded' : 'ExecutionFailed', '', detail);
  }

  #hold(token: Token, wait: Wait): void {
    this.#tokens.set({ ...token, wait });
  }

  #note(type: string, state: string, detail: Json): void {
    this.#events++;
    this.#history.push({ type, state, detail });
  }
}
