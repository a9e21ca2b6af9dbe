import { expect, test } from 'vitest';
import { countOf } from '../../core/count.js';

test('one is singular; none and several are plural', () => {
  expect([0, 1, 2].map((amount) => countOf(amount, 'file'))).toEqual(['0 files', '1 file', '2 files']);
});

test('a plural that is not formed with s, or a verb that changes with it, is given', () => {
  expect(countOf(1, 'press', 'presses')).toBe('1 press');
  expect(countOf(2, 'pack is', 'packs are')).toBe('2 packs are');
});
