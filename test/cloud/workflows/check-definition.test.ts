import { expect, test } from 'vitest';
import { checkDefinition } from '../../../cloud/workflows/check-definition.js';

const end = { Type: 'Succeed' };

function faultsOf(States: Record<string, unknown>, more: object = {}): readonly string[] {
  const checked = checkDefinition({ StartAt: Object.keys(States)[0], States, ...more });
  return checked.ok ? [] : checked.faults;
}

function task(more: object = {}): object {
  return { Type: 'Task', Resource: 'hello', End: true, ...more };
}

test('every kind of state that runs here is taken', () => {
  const faults = faultsOf({
    Ask: task({
      End: undefined,
      Next: 'Which',
      InputPath: '$.a[0]',
      Parameters: { 'id.$': '$$.Execution.Id', fixed: { 'x.$': "$['a b'].c" } },
      ResultSelector: { 'code.$': '$.code' },
      ResultPath: '$.asked',
      OutputPath: '$',
      TimeoutSeconds: 5,
      Retry: [
        { ErrorEquals: ['Busy'], IntervalSeconds: 2, JitterStrategy: 'FULL', MaxDelaySeconds: 9 },
        { ErrorEquals: ['States.ALL'] },
      ],
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Broken', ResultPath: '$.error' }],
    }),
    Which: {
      Type: 'Choice',
      Choices: [
        {
          And: [{ Variable: '$.a', NumericGreaterThan: 3 }, { Not: { Variable: '$.b', IsNull: true } }],
          Next: 'Rest',
        },
        { Variable: '$.name', StringMatches: 'door-*', Next: 'Both' },
      ],
      Default: 'Note',
    },
    Rest: { Type: 'Wait', SecondsPath: '$.seconds', Next: 'Note' },
    Both: {
      Type: 'Parallel',
      Branches: [
        { StartAt: 'Left', States: { Left: task() } },
        { StartAt: 'Right', States: { Right: { Type: 'Pass', Result: 1, End: true } } },
      ],
      End: true,
    },
    Note: { Type: 'Pass', Parameters: { 'x.$': '$' }, Next: 'Done' },
    Done: end,
    Broken: { Type: 'Fail', Error: 'Broken', Cause: 'no' },
  });
  expect(faults).toEqual([]);
});

test.each<[string, Record<string, unknown>, string]>([
  ['a Map state', { Blink: { Type: 'Map', End: true } }, 'States.Blink.Type: must be Task,'],
  ['an unknown member', { Blink: task({ Foo: 1 }) }, 'States.Blink.Foo: is not supported'],
  [
    'a heartbeat',
    { Blink: task({ HeartbeatSeconds: 1 }) },
    'States.Blink.HeartbeatSeconds: is not supported',
  ],
  ['no way on', { Blink: { Type: 'Pass' } }, 'States.Blink.Next: is missing'],
  ['two ways on', { A: { Type: 'Pass', Next: 'B', End: true }, B: end }, 'States.A.End: stands beside Next'],
  ['a way to nowhere', { A: { Type: 'Pass', Next: 'C' } }, 'States.A.Next: there is no state "C"'],
  [
    'a catch to nowhere',
    { A: task({ Catch: [{ ErrorEquals: ['x'], Next: 'C' }] }) },
    'States.A.Catch.0.Next: there is',
  ],
  ['an unreachable state', { A: end, B: end }, 'States.B: can never be reached'],
  [
    'a wildcard',
    { A: { Type: 'Pass', InputPath: '$.a[*]', End: true } },
    'States.A.InputPath: is no reference path',
  ],
  [
    'a function',
    { A: { Type: 'Pass', Parameters: { 'x.$': "States.Format('{}', $.a)" }, End: true } },
    'States.A.Parameters.x.$: intrinsic functions',
  ],
  [
    'a result into the context',
    { A: { Type: 'Pass', ResultPath: '$$.x', End: true } },
    'States.A.ResultPath: cannot write',
  ],
  [
    'a wrong comparison',
    { A: { Type: 'Choice', Choices: [{ Variable: '$.a', NumericEquals: 'x', Next: 'B' }] }, B: end },
    'States.A.Choices.0.NumericEquals: needs a number',
  ],
  [
    'an unknown comparison',
    { A: { Type: 'Choice', Choices: [{ Or: [{ Variable: '$.a', Looks: 1 }], Next: 'B' }] }, B: end },
    'States.A.Choices.0.Or.0.Looks: is no comparison',
  ],
  [
    'two times to wait',
    { A: { Type: 'Wait', Seconds: 1, SecondsPath: '$.s', End: true } },
    'States.A: needs one of Seconds',
  ],
  [
    'a service integration',
    { A: task({ Resource: 'arn:aws:states:::sqs:sendMessage' }) },
    'States.A.Resource: service integrations',
  ],
  [
    'all errors, but not last',
    { A: task({ Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['x'] }] }) },
    'States.A.Retry.0.ErrorEquals: States.ALL stands alone',
  ],
  [
    'a fault in a branch',
    {
      A: {
        Type: 'Parallel',
        Branches: [{ StartAt: 'L', States: { L: { Type: 'Pass', Next: 'M' } } }],
        End: true,
      },
    },
    'States.A.Branches.0.States.L.Next: there is no state "M"',
  ],
  [
    'an unknown type in a branch',
    { A: { Type: 'Parallel', Branches: [{ StartAt: 'L', States: { L: { Type: 'Loop' } } }], End: true } },
    'States.A.Branches.0.States.L.Type: must be',
  ],
])('%s is refused by its path', (_what, states, fault) => {
  expect(faultsOf(states)).toEqual([expect.stringContaining(fault)]);
});

test('JSONata, an unknown start and members of the whole are refused too', () => {
  expect(faultsOf({ A: end }, { QueryLanguage: 'JSONata' })).toEqual([
    'QueryLanguage: only JSONPath is supported',
  ]);
  expect(faultsOf({ A: end }, { StartAt: 'B' })).toEqual([
    'StartAt: there is no state "B"',
    'States.A: can never be reached',
  ]);
  expect(faultsOf({ A: end }, { Extra: 1 })).toEqual(['Extra: is not supported']);
  expect(faultsOf({ __proto__: null, toString: { Type: 'Pass', Next: 'constructor' } })).toEqual([
    'States.toString.Next: there is no state "constructor"',
  ]);
});
