import { expect, test } from 'vitest';
import { isAllowed, parsePolicy } from '../../../cloud/oneclick/policy.js';

const door = 'arn:aws:iot1click:us-west-2:000000000000:devices/G030PM0001';
const gate = 'arn:aws:iot1click:us-west-2:000000000000:devices/G030PM0002';

function policy(...statements: object[]) {
  return parsePolicy({ Version: '2012-10-17', Statement: statements });
}
const allow = (Action: string | string[], Resource: string | string[] = '*') => ({
  Effect: 'Allow',
  Action,
  Resource,
});

test('what no statement allows is denied, and an explicit Deny wins', () => {
  const one = policy(allow('iot1click:Describe*', door));
  expect(isAllowed(one, 'DescribeDevice', door)).toBe(true);
  expect(isAllowed(one, 'DescribeDevice', gate)).toBe(false);
  expect(isAllowed(one, 'UnclaimDevice', door)).toBe(false);
  const both = policy(allow('iot1click:*'), { Effect: 'Deny', Action: 'iot1click:Unclaim*', Resource: gate });
  expect(isAllowed(both, 'UnclaimDevice', door)).toBe(true);
  expect(isAllowed(both, 'UnclaimDevice', gate)).toBe(false);
});

test('wildcards stand for any text or one character, and names of actions have no case', () => {
  const one = policy(
    allow(['IOT1CLICK:describe?evice', '*'], [`${door.slice(0, -1)}?`, 'arn:*:projects/a*z']),
  );
  expect(isAllowed(one, 'DescribeDevice', gate)).toBe(true);
  expect(isAllowed(one, 'DescribeDevice', `${door}1`)).toBe(false);
  const project = (name: string) => `arn:aws:iot1click:us-west-2:000000000000:projects/${name}`;
  expect(isAllowed(one, 'DescribeProject', project('a-to-z'))).toBe(true);
  expect(isAllowed(one, 'DescribeProject', project('a-to-zed'))).toBe(false);
  // What concerns no single resource needs the star alone.
  expect(isAllowed(one, 'ListDevices', '*')).toBe(false);
  const stars = policy(allow('iot1click:*', `arn:${'*a'.repeat(60)}*b`));
  expect(isAllowed(stars, 'ListDevices', `arn:${'a'.repeat(2000)}`)).toBe(false);
});

test('the three misspelt actions of the developer guide mean what was meant', () => {
  const one = policy(
    allow([
      'iot1click:InitializeDeviceClaim',
      'iot1click:ClaimDeviceByClaimCode',
      'iot1click:DissacociateDeviceFromPlacement',
    ]),
  );
  for (const name of ['InitiateDeviceClaim', 'ClaimDevicesByClaimCode', 'DisassociateDeviceFromPlacement']) {
    expect([name, isAllowed(one, name, '*')]).toEqual([name, true]);
  }
  expect(isAllowed(one, 'FinalizeDeviceClaim', '*')).toBe(false);
});

test.each([
  ['POLICY_UNSUPPORTED', 'Statement[0].Condition', { ...allow('iot1click:*'), Condition: {} }],
  [
    'POLICY_UNSUPPORTED',
    'Statement[0].NotAction',
    { Effect: 'Allow', NotAction: 'iot1click:*', Resource: '*' },
  ],
  ['POLICY_UNSUPPORTED', 'Statement[0].Principal', { ...allow('iot1click:*'), Principal: '*' }],
  [
    'POLICY_UNSUPPORTED',
    'Statement[0].Resource',
    allow('iot1click:*', 'arn:aws:iot1click:*:$' + '{aws:username}'),
  ],
  ['POLICY_INVALID', 'Statement[0].Action', allow('iot1click:DescribeDevise')],
  ['POLICY_INVALID', 'Statement[0].Action', allow('lambda:*')],
  ['POLICY_INVALID', 'Statement[0].Resource', allow('iot1click:*', 'everything')],
  ['POLICY_INVALID', 'Statement[0].Effect', { Effect: 'Maybe', Action: 'iot1click:*', Resource: '*' }],
  ['POLICY_INVALID', 'Statement[0].Action', { Effect: 'Allow', Resource: '*' }],
  ['POLICY_INVALID', 'Statement[0]', 'Allow'],
])('%s at %s is refused when saved', (code, path, statement) => {
  const error = expect.objectContaining({ code, context: { path } });
  expect(() => policy(statement as object)).toThrow(error);
});
