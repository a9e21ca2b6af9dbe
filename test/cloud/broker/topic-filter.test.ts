import { expect, it } from 'vitest';
import { takesIn } from '../../../cloud/broker/topic-filter.js';

it.each([
  ['a/b', 'a/b', true],
  ['a/b', 'a/c', false],
  ['a', 'a/b', false],
  ['a/b', 'a', false],
  ['a/+', 'a/b', true],
  ['a/+', 'a/b/c', false],
  ['a/#', 'a/b/c', true],
  ['a/#', 'a', true],
  ['+/b', 'a/b', true],
  ['#', '$aws/things', false],
  ['$aws/#', '$aws/things', true],
])('the filter %s takes in %s: %s', (filter, topic, expected) => {
  expect(takesIn(filter, topic)).toBe(expected);
});
