import { expect, test } from 'vitest';
import { refresher } from '../../../../../cloud/web/app/state/refresher.js';

/** Lets every promise that can settle do so. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('a burst of wishes while one load is under way costs one more', async () => {
  const ends: (() => void)[] = [];
  const refresh = refresher(() => new Promise((resolve) => ends.push(resolve)));
  for (let wish = 0; wish < 5; wish++) refresh();
  expect(ends).toHaveLength(1);
  ends[0]?.();
  await settled();
  expect(ends).toHaveLength(2);
  ends[1]?.();
  await settled();
  expect(ends).toHaveLength(2);
  refresh();
  expect(ends).toHaveLength(3);
});
