/** The route that subscribes a queue to a topic. See `core/wire/api.ts`. */
import { Hono } from 'hono';
import { fanoutRequest } from '../../core/wire/actions.js';
import { subscribeQueue } from '../aws/fanout.js';
import { readBody } from './request.js';
import type { Services } from './services.js';

export function fanoutRoutes({ aws }: Services): Hono {
  const routes = new Hono();
  routes.post('/fanout/subscriptions', async (c) => {
    return c.json(await subscribeQueue(aws, await readBody(c, fanoutRequest)));
  });
  return routes;
}
