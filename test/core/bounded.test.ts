import { expect, test } from 'vitest';
import { mapBounded, Slots } from '../../core/bounded.js';

test('never more hold a place than there are, however many ask at once, and those who wait go in turn', async () => {
  const slots = new Slots(2);
  const order: number[] = [];
  let holding = 0;
  let most = 0;
  const work = async (number: number) => {
    await slots.take();
    order.push(number);
    holding += 1;
    most = Math.max(most, holding);
    await Promise.resolve();
    holding -= 1;
    slots.release();
  };
  await Promise.all(Array.from({ length: 20 }, (_, number) => work(number)));
  expect(most).toBe(2);
  expect(order).toEqual(Array.from({ length: 20 }, (_, number) => number));
});

test('whoever stops waiting leaves the place to the next', async () => {
  const slots = new Slots(1);
  await slots.take();
  const stop = new AbortController();
  const gone = slots.take(stop.signal);
  const next = slots.take();
  stop.abort();
  await expect(gone).rejects.toMatchObject({ code: 'INTERRUPTED' });
  await expect(slots.take(stop.signal)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  slots.release();
  await next;
  let isFree = false;
  const free = slots.whenFree().then(() => {
    isFree = true;
  });
  await Promise.resolve();
  expect(isFree).toBe(false);
  slots.release();
  await free;
  await slots.take();
});

test('results come in the order of the items; after a failure what is under way is waited for', async () => {
  const results: number[] = [];
  for await (const result of mapBounded([3, 1, 2], 3, async (ms) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return ms;
  }))
    results.push(result);
  expect(results).toEqual([3, 1, 2]);
  let ended = 0;
  const failing = mapBounded([1, 2, 3], 2, async (number) => {
    await new Promise((resolve) => setTimeout(resolve, number));
    ended += 1;
    if (number === 1) throw new Error('broken');
  });
  await expect(async () => {
    for await (const _ of failing);
  }).rejects.toThrow('broken');
  expect(ended).toBe(2);
});
