import { expect, test } from 'vitest';
import { GroupCommit } from '../../../cloud/db/group-commit.js';

test('what arrives during a commit goes into the next one, in order', async () => {
  const batches: number[][] = [];
  let open: (() => void) | undefined;
  const group = new GroupCommit<number, number>(async (items) => {
    batches.push([...items]);
    if (batches.length === 1) await new Promise<void>((resolve) => (open = resolve));
    return items.map((item) => item * 10);
  });
  const first = group.add(1);
  await new Promise((resolve) => setImmediate(resolve));
  const rest = [group.add(2), group.add(3)];
  open?.();
  expect(await Promise.all([first, ...rest])).toEqual([10, 20, 30]);
  expect(batches).toEqual([[1], [2, 3]]);
});

test('one bad item fails alone', async () => {
  const group = new GroupCommit<number, string>(async (items) => {
    if (items.includes(2)) throw new Error('two is bad');
    return items.map(String);
  });
  const outcomes = await Promise.allSettled([group.add(1), group.add(2), group.add(3)]);
  expect(outcomes.map((one) => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('closing waits for what was accepted and refuses the rest', async () => {
  const stored: number[] = [];
  const group = new GroupCommit<number, undefined>(async (items) => {
    await new Promise((resolve) => setImmediate(resolve));
    stored.push(...items);
    return items.map(() => undefined);
  });
  const accepted = group.add(1);
  const closed = group.close();
  await expect(group.add(2)).rejects.toMatchObject({ code: 'DATABASE_CLOSED' });
  await closed;
  expect(stored).toEqual([1]);
  await accepted;
});

test('a group is never larger than its limit', async () => {
  const sizes: number[] = [];
  const group = new GroupCommit<number, number>(async (items) => {
    sizes.push(items.length);
    return [...items];
  }, 2);
  await Promise.all([1, 2, 3, 4, 5].map((item) => group.add(item)));
  expect(sizes).toEqual([2, 2, 1]);
});
