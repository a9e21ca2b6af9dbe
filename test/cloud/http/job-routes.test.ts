import { expect, test } from 'vitest';
import type { JobView } from '../../../core/wire/jobs.js';
import { startCloud } from '../../support/cloud-fixture.js';

test('a page that follows the job of a large fleet gets its counts, and is not cut off', async () => {
  const { call, get } = await startCloud();
  for (let box = 0; box < 3; box++) await call('POST', '/manufacture', { count: 1_000 });
  const stream = await call('GET', '/stream');
  const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
  let seen = '';
  const read = async (part: RegExp) => {
    while (!part.test(seen)) {
      const { value, done } = await reader.read();
      if (done) throw new Error('the stream has ended');
      seen += value;
    }
  };
  await read(/retry:/);
  const made = await call('POST', '/jobs', { id: 'all', targets: 'all', document: { operation: 'x' } });
  expect(made.status).toBe(201);
  await read(/event: job\ndata: .*\n\n/);
  const told = JSON.parse(/event: job\ndata: (.*)\n\n/.exec(seen)?.[1] ?? '') as JobView;
  expect(told.counts).toEqual({ QUEUED: 1_000, WAITING: 2_000 });
  expect(told.executions).toBeUndefined();
  expect((await get<JobView>('/jobs/all')).executions).toHaveLength(3_000);
});
