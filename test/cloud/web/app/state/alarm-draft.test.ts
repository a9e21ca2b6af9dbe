import { expect, test } from 'vitest';
import {
  draftProblem,
  emptyDraft,
  ruleOf,
  type Watched,
} from '../../../../../cloud/web/app/state/alarm-draft.js';
import { alarmRule } from '../../../../../core/wire/alarms.js';

const filled = {
  ...emptyDraft,
  subject: 'porch',
  series: 'attic/room.temperature',
  minutes: '5',
  limit: '30',
  action: 'mail',
};
const kinds: readonly Watched[] = ['offline', 'silent', 'life', 'battery', 'above', 'below', 'failing'];

test.each(kinds)('a filled-in sentence about %s makes a rule that the backend takes', (watched) => {
  const draft = { ...filled, watched };
  expect(draftProblem(draft)).toBeUndefined();
  const rule = alarmRule.parse(ruleOf(draft, []));
  expect(rule.actions).toEqual(['mail']);
  expect(alarmRule.parse(ruleOf(draft, [rule.name])).name).toBe(`${rule.name} 2`);
});

test('a value belongs to the thing that measures it, with the limit on the right side', () => {
  expect(ruleOf({ ...filled, watched: 'above' }, [])).toEqual({
    name: 'attic room.temperature is too high',
    thing: 'attic',
    when: { kind: 'range', series: 'room.temperature', max: 30, forMs: 300_000 },
    actions: ['mail'],
  });
});

test('what is missing is said in a sentence', () => {
  const say = (part: object) => draftProblem({ ...filled, ...part });
  expect(say({ watched: 'failing', subject: '' })).toBe('Choose an action.');
  expect(say({ watched: 'above', series: '' })).toBe('Choose what is measured.');
  expect(say({ watched: 'silent', minutes: '0' })).toBe('Say for how many minutes.');
  expect(say({ watched: 'life', limit: '' })).toBe('Give a number as the limit.');
  expect(say({ watched: 'offline', subject: '' })).toBeUndefined();
});
