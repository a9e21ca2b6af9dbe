import { expect, it } from 'vitest';
import { DigestSet, digestOf } from '../../../gateway/commands/digest-set.js';

it('a digest set numbers its members in their order, also when it has grown', () => {
  const set = new DigestSet();
  const ids = Array.from({ length: 5_000 }, (_, number) => digestOf(String(number)));
  expect(ids.every((id) => set.add(id))).toBe(true);
  expect(ids.map((id) => set.numberOf(id))).toEqual(ids.map((_id, number) => number));
  expect(ids.some((id) => set.add(id))).toBe(false);
  expect(set.size).toBe(5_000);
  expect(set.has(digestOf('other'))).toBe(false);
});
