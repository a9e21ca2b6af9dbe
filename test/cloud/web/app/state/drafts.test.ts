import { expect, test } from 'vitest';
import { changeOf, nameProblem, pairsProblem, recordOf } from '../../../../../cloud/web/app/state/names.js';
import {
  draftOf,
  fieldsOf,
  hasProblem,
  newProject,
  problemsOf,
} from '../../../../../cloud/web/app/state/project-draft.js';

test.each([
  ['front-door', ''],
  ['', 'Give it a name.'],
  ['front door', 'Use letters without accents, digits, - and _ only, no spaces.'],
  ['a'.repeat(33), 'Use at most 32 characters.'],
])('about the name %j a form says %j', (name, problem) => {
  expect(nameProblem(name, 32)).toBe(problem);
});

test.each([
  [[], ''],
  [[['', '']], ''],
  [[['room', 'hall']], ''],
  [[['', 'hall']], 'Give every attribute a name.'],
  [[['room', '']], 'Give every attribute a value, or take it away.'],
  [
    [
      ['a', '1'],
      ['a ', '2'],
    ],
    'Two attributes have the same name.',
  ],
])('about the attributes %j it says %j', (rows, problem) => {
  expect(pairsProblem(rows.map(([key = '', value = '']) => ({ key, value })))).toBe(problem);
});

test('an attribute that was taken away is cleared, the others are set', () => {
  const after = recordOf([
    { key: ' b ', value: '3' },
    { key: '', value: '' },
  ]);
  expect(changeOf({ a: '1', b: '2' }, after)).toEqual({ a: '', b: '3' });
});

test('a change of a project keeps what its form does not show', () => {
  const placementTemplate = {
    defaultAttributes: { phone: '1' },
    deviceTemplates: {
      bell: { deviceType: 'button', callbackOverrides: { onClickCallback: 'arn:a', other: 'b' } },
    },
  };
  const project = {
    projectName: 'P',
    description: 'd',
    placementTemplate,
    tags: {},
    placementCount: 0,
    version: 1,
  };
  expect(fieldsOf(draftOf(project), placementTemplate)).toEqual({ description: 'd', placementTemplate });
});

test('a project needs a name, and devices with names that differ', () => {
  expect(hasProblem(problemsOf({ ...newProject, name: 'Household' }))).toBe(false);
  const role = { name: 'bell', type: 'button', action: '' };
  const problems = problemsOf({ name: '', description: '', roles: [role, role] });
  expect(problems).toEqual({
    name: 'Give it a name.',
    description: '',
    roles: ['', 'Another device of the project is called so.'],
  });
});
