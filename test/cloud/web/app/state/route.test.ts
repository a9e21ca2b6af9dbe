import { expect, test } from 'vitest';
import { linkTo, routeOf } from '../../../../../cloud/web/app/state/route.js';

test.each([
  ['', { page: 'home', section: '' }],
  ['#alarms', { page: 'home', section: 'alarms' }],
  ['#/nothing', { page: 'home', section: '/nothing' }],
  ['#/projects', { page: 'projects', parts: [] }],
  ['#/workflows/visit/a%2Fb', { page: 'workflows', parts: ['visit', 'a/b'] }],
  ['#/jobs/100%', { page: 'jobs', parts: ['100%'] }],
])('%j leads to %j', (hash, route) => {
  expect(routeOf(hash)).toEqual(route);
});

test('a link leads where it says, whatever the name is', () => {
  const parts = ['a/b', 'ü 50% #'];
  expect(routeOf(linkTo('projects', ...parts))).toEqual({ page: 'projects', parts });
});
