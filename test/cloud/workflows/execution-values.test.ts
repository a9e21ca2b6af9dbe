import { expect, it } from 'vitest';
import { outcomeOf } from '../../../cloud/workflows/execution-values.js';

it('a result goes on as it is, and one that nests too deeply to be walked fails its state', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  expect(outcomeOf('SUCCEEDED', '{"a":[1]}')).toEqual({ ok: true, output: { a: [1] } });
  expect(outcomeOf('SUCCEEDED', null)).toEqual({ ok: true, output: null });
  expect(outcomeOf('SUCCEEDED', nested(100))).toMatchObject({ ok: true });
  expect(outcomeOf('SUCCEEDED', nested(50_000))).toEqual({
    ok: false,
    error: 'States.DataLimitExceeded',
    cause: 'The result nests deeper than 100 levels.',
  });
});
