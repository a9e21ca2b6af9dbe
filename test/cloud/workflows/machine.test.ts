import { expect, test } from 'vitest';
import { checkDefinition } from '../../../cloud/workflows/check-definition.js';
import { type Advance, Machine } from '../../../cloud/workflows/machine.js';
import type { Json } from '../../../cloud/workflows/reference-path.js';
import { nextDueMs } from '../../../cloud/workflows/snapshot.js';

const startMs = Date.UTC(2026, 0, 2, 3, 4, 5);

/** An execution whose tasks and time the test plays; every move goes through JSON, as through the database. */
class Played {
  nowMs = startMs;
  advance: Advance;
  readonly #definition;
  readonly #facts;

  constructor(States: Record<string, unknown>, input: Json = {}, more: object = {}) {
    const checked = checkDefinition({ StartAt: Object.keys(States)[0], States, ...more });
    if (!checked.ok) throw new Error(checked.faults.join('\n'));
    this.#definition = checked.definition;
    this.#facts = { id: 'e1', workflow: 'W', arn: 'arn:w', input, startedMs: startMs };
    this.advance = Machine.begin(this.#definition, this.#facts, startMs, () => 0.5).advance();
  }

  #move(change: (machine: Machine) => void): this {
    const snapshot = JSON.parse(JSON.stringify(this.advance.snapshot));
    const machine = new Machine(this.#definition, this.#facts, snapshot, this.nowMs, () => 0.5);
    change(machine);
    this.advance = machine.advance();
    return this;
  }

  ok(step: number, output: Json): this {
    return this.#move((machine) => machine.taskEnded(step, { ok: true, output }));
  }

  fail(step: number, error: string): this {
    return this.#move((machine) => machine.taskEnded(step, { ok: false, error, cause: 'why' }));
  }

  later(ms: number): this {
    this.nowMs += ms;
    return this.#move((machine) => machine.timePassed());
  }

  goOn(): this {
    return this.#move(() => {});
  }

  get dueInMs(): number | null {
    const due = nextDueMs(this.advance.snapshot);
    return due === null ? null : due - this.nowMs;
  }

  get types(): string[] {
    return this.advance.history.map(({ type, state }) => `${type} ${state}`.trim());
  }
}

const done = { Type: 'Succeed' };

test('a task gets its parameters, and its result goes where the state says', () => {
  const played = new Played(
    {
      Ask: {
        Type: 'Task',
        Resource: 'hello',
        InputPath: '$.who',
        Parameters: { 'name.$': '$.name', 'run.$': '$$.Execution.Id', 'state.$': '$$.State.Name', n: [1] },
        ResultSelector: { 'code.$': '$.answer.code' },
        ResultPath: '$.result.asked',
        OutputPath: '$.result',
        End: true,
      },
    },
    { who: { name: 'Ada' }, other: 1 },
  );
  expect(played.advance.tasks).toEqual([
    { step: 0, resource: 'hello', input: { name: 'Ada', run: 'e1', state: 'Ask', n: [1] } },
  ]);
  expect(played.advance.end).toBeUndefined();
  played.ok(0, { answer: { code: 7 } });
  expect(played.advance.end).toEqual({ state: 'SUCCEEDED', output: { asked: { code: 7 } } });
  expect(played.types).toEqual(['TaskSucceeded Ask', 'StateExited Ask', 'ExecutionSucceeded']);
});

test('null paths leave out input, result and output', () => {
  const States = { A: { Type: 'Pass', InputPath: null, Result: 1, ResultPath: null, Next: 'B' }, B: done };
  expect(new Played(States, { a: 1 }).advance.end).toEqual({ state: 'SUCCEEDED', output: {} });
});

test.each<[object, Json, boolean]>([
  [{ StringEquals: 'a' }, 'a', true],
  [{ StringEquals: 'a' }, 1, false],
  [{ StringLessThan: 'b' }, 'a', true],
  [{ StringGreaterThanEquals: 'b' }, 'a', false],
  [{ StringEqualsPath: '$.other' }, 'same', true],
  [{ StringMatches: 'log-*.txt' }, 'log-a.b.txt', true],
  [{ StringMatches: 'log-*.txt' }, 'log.txt', false],
  [{ StringMatches: 'a\\*b' }, 'a*b', true],
  [{ StringMatches: 'a\\*b' }, 'axb', false],
  [{ StringMatches: 'ab*ba' }, 'aba', false],
  [{ NumericEquals: 1.5 }, 1.5, true],
  [{ NumericLessThanEquals: 2 }, 3, false],
  [{ NumericGreaterThan: 2 }, '3', false],
  [{ NumericGreaterThanPath: '$.number' }, 43, true],
  [{ BooleanEquals: false }, false, true],
  [{ BooleanEqualsPath: '$.yes' }, true, true],
  [{ TimestampLessThan: '2026-01-02T00:00:00Z' }, '2026-01-01T23:59:59.999Z', true],
  [{ TimestampEquals: '2026-01-02T00:00:00Z' }, '2026-01-02T01:00:00+01:00', true],
  [{ TimestampGreaterThanPath: '$.day' }, '2026-01-02', false],
  [{ IsNull: true }, null, true],
  [{ IsPresent: true }, null, true],
  [{ IsNumeric: false }, 'a', true],
  [{ IsString: true }, 1, false],
  [{ IsBoolean: true }, true, true],
  [{ IsTimestamp: true }, '2026-01-02t00:00:00Z', false],
])('the comparison %j of %j is %s', (comparison, value, expected) => {
  const played = new Played(
    {
      C: { Type: 'Choice', Choices: [{ Variable: '$.value', ...comparison, Next: 'Yes' }], Default: 'No' },
      Yes: { Type: 'Pass', Result: true, End: true },
      No: { Type: 'Pass', Result: false, End: true },
    },
    { value, other: 'same', number: 42, yes: true, day: '2026-01-01T00:00:00Z' },
  );
  expect(played.advance.end).toEqual({ state: 'SUCCEEDED', output: expected });
});

test('rules are tried in order with And, Or and Not; none that holds is an error, and so is a missing value', () => {
  const is = (name: string) => ({ Variable: `$.${name}`, BooleanEquals: true });
  const States = {
    C: { Type: 'Choice', Choices: [{ And: [is('a'), { Or: [is('b'), { Not: is('c') }] }], Next: 'Yes' }] },
    Yes: done,
  };
  expect(new Played(States, { a: true, b: false, c: false }).advance.end?.state).toBe('SUCCEEDED');
  expect(new Played(States, { a: false, b: true, c: true }).advance.end).toMatchObject({
    error: 'States.NoChoiceMatched',
  });
  expect(new Played(States, { b: true }).advance.end).toMatchObject({
    error: 'States.Runtime',
    cause: 'There is nothing at $.a.',
  });
});

test('a wait lasts as long as it says, by the clock', () => {
  const States = {
    W: { Type: 'Wait', Seconds: 10, Next: 'V' },
    V: { Type: 'Wait', TimestampPath: '$.at', End: true },
  };
  const played = new Played(States, { at: new Date(startMs + 60_000).toISOString() });
  expect(played.dueInMs).toBe(10_000);
  expect(played.later(9_999).advance.history).toEqual([]);
  expect(played.later(1).dueInMs).toBe(50_000);
  expect(played.later(50_000).advance.end?.state).toBe('SUCCEEDED');
});

test('retries wait longer each time, within their limits; then the catch is taken', () => {
  const played = new Played(
    {
      A: {
        Type: 'Task',
        Resource: 'hello',
        Retry: [
          { ErrorEquals: ['Busy'], IntervalSeconds: 2, BackoffRate: 3, MaxAttempts: 3, MaxDelaySeconds: 10 },
          { ErrorEquals: ['States.TaskFailed'], JitterStrategy: 'FULL', MaxAttempts: 1 },
        ],
        Catch: [{ ErrorEquals: ['Busy'], Next: 'Sorry', ResultPath: '$.error' }],
        End: true,
      },
      Sorry: done,
    },
    { a: 1 },
  );
  const waits: (number | null)[] = [];
  for (let step = 0; step < 3; step++) {
    played.fail(step, 'Busy');
    waits.push(played.dueInMs);
    played.later(played.dueInMs ?? 0);
  }
  expect(waits).toEqual([2_000, 6_000, 10_000]);
  played.fail(3, 'Other');
  expect(played.dueInMs).toBe(500);
  played.later(500);
  expect(played.advance.tasks).toMatchObject([{ step: 4, input: { a: 1 } }]);
  played.fail(4, 'Busy');
  expect(played.advance.end).toEqual({
    state: 'SUCCEEDED',
    output: { a: 1, error: { Error: 'Busy', Cause: 'why' } },
  });
});

test('a task that takes too long fails with States.Timeout, and its late result is nobody’s', () => {
  const played = new Played({
    A: {
      Type: 'Task',
      Resource: 'hello',
      TimeoutSeconds: 5,
      Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'B' }],
      End: true,
    },
    B: { Type: 'Task', Resource: 'other', End: true },
  });
  expect(played.dueInMs).toBe(5_000);
  played.later(5_000);
  expect(played.advance.tasks).toMatchObject([
    { step: 1, resource: 'other', input: { Error: 'States.Timeout' } },
  ]);
  expect(played.ok(0, 'late').advance.history).toEqual([]);
  expect(played.ok(1, 'in time').advance.end).toEqual({ state: 'SUCCEEDED', output: 'in time' });
});

test('the whole has a time limit too', () => {
  const played = new Played({ W: { Type: 'Wait', Seconds: 100, End: true } }, {}, { TimeoutSeconds: 30 });
  expect(played.later(30_000).advance.end).toMatchObject({ state: 'FAILED', error: 'States.Timeout' });
});

const branchTask = (name: string) => ({
  StartAt: name,
  States: { [name]: { Type: 'Task', Resource: name, End: true } },
});

test('branches run side by side, and their results come in the order of the branches', () => {
  const played = new Played(
    {
      Both: {
        Type: 'Parallel',
        Branches: [branchTask('L'), branchTask('R')],
        ResultPath: '$.both',
        Next: 'End',
      },
      End: done,
    },
    { a: 1 },
  );
  expect(played.advance.tasks.map(({ resource, input }) => [resource, input])).toEqual([
    ['L', { a: 1 }],
    ['R', { a: 1 }],
  ]);
  expect(played.ok(1, 'right').types).toEqual(['TaskSucceeded Both/1/R', 'StateExited Both/1/R']);
  expect(played.ok(0, null).advance.end).toEqual({
    state: 'SUCCEEDED',
    output: { a: 1, both: [null, 'right'] },
  });
});

test('one branch that fails ends the others; the Parallel state may try again', () => {
  const nested = {
    StartAt: 'In',
    States: { In: { Type: 'Parallel', Branches: [branchTask('N')], End: true } },
  };
  const played = new Played({
    Both: {
      Type: 'Parallel',
      Branches: [branchTask('L'), nested],
      Retry: [{ ErrorEquals: ['Odd'] }],
      End: true,
    },
  });
  played.fail(0, 'Odd');
  expect(played.dueInMs).toBe(1_000);
  expect(played.ok(1, 'nobody waits').advance.history).toEqual([]);
  played.later(1_000);
  expect(played.advance.tasks.map(({ step }) => step)).toEqual([2, 3]);
  expect(played.fail(3, 'Bad').advance.end).toEqual({ state: 'FAILED', error: 'Bad', cause: 'why' });
});

test('no catch reaches what is wrong with the workflow itself, and States.TaskFailed is no timeout', () => {
  const States = {
    A: {
      Type: 'Task',
      Resource: 'hello',
      Parameters: { 'x.$': '$.missing' },
      Catch: [{ ErrorEquals: ['States.ParameterPathFailure'], Next: 'B' }],
      End: true,
    },
    B: { Type: 'Pass', OutputPath: '$.nothing', End: true },
  };
  expect(new Played(States).advance.end).toMatchObject({ state: 'FAILED', error: 'States.Runtime' });
  const played = new Played({
    A: { Type: 'Task', Resource: 'x', Retry: [{ ErrorEquals: ['States.TaskFailed'] }], End: true },
  });
  expect(played.fail(0, 'States.Timeout').advance.end).toMatchObject({ error: 'States.Timeout' });
});

test('an endless loop gives others their turn, and ends at its limit of events', () => {
  const played = new Played({ A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } });
  let turns = 1;
  while (played.advance.hasMore) {
    played.goOn();
    turns++;
  }
  expect(played.advance.end).toMatchObject({ state: 'FAILED', error: 'States.Runtime' });
  expect(turns).toBe(125);
});

test('data beyond the limit ends the execution', () => {
  const States = { A: { Type: 'Pass', Parameters: { 'a.$': '$', 'b.$': '$' }, Next: 'B' }, B: done };
  expect(new Played(States, 'x'.repeat(200_000)).advance.end).toMatchObject({
    error: 'States.DataLimitExceeded',
  });
});
