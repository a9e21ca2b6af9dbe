import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { IdTable } from '../../../gateway/repository/id-table.js';
import { seededRandom } from '../../support/random.js';

const idOf = (n: number) => createHash('sha256').update(String(n)).digest('hex');

it('finds what was added and not what was deleted, through growth and collisions', () => {
  const table = new IdTable();
  const model = new Map<number, number>();
  const random = seededRandom(11);
  for (let step = 0; step < 20_000; step++) {
    const n = Math.floor(random() * 4000);
    if (random() < 0.55) model.set(n, table.add(idOf(n)));
    else {
      model.delete(n);
      table.delete(idOf(n));
    }
  }
  for (let n = 0; n < 4000; n++) expect(table.find(idOf(n))).toBe(model.get(n) ?? -1);
  expect(new Set(model.values()).size).toBe(model.size);
  // Numbers of deleted ids are given anew, so that the table does not grow for ever.
  expect(table.size).toBeLessThan(3000);
});
