/** Routes of jobs: make, list, show, cancel. See `core/wire/jobs.ts`. */
import { Hono } from 'hono';
import { cancelJob, createJob } from '../../core/wire/jobs.js';
import { readBody } from './request.js';
import type { Services } from './services.js';

export function jobRoutes({ jobs, jobEngine }: Services): Hono {
  const routes = new Hono();
  routes.get('/', async (c) => c.json(await jobs.list()));
  routes.post('/', async (c) => c.json(await jobEngine.create(await readBody(c, createJob)), 201));
  routes.get('/:id', async (c) => c.json(await jobs.get(c.req.param('id'))));
  routes.post('/:id/cancel', async (c) => {
    const { force, reason } = await readBody(c, cancelJob);
    return c.json(await jobEngine.cancel(c.req.param('id'), reason ?? 'cancelled by the user', force));
  });
  return routes;
}
