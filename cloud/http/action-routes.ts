/** Routes for actions and for the runs that failed for good. See `core/wire/api.ts`. */
import { Hono } from 'hono';
import { deadLetterChoice, runActionRequest } from '../../core/wire/actions.js';
import { listQuery, readBody, readQuery } from './request.js';
import type { Services } from './services.js';

export function actionRoutes({ actionDesk, deadLetters }: Services): Hono {
  const routes = new Hono();
  routes.get('/actions', async (c) => c.json(await actionDesk.list()));
  routes.post('/actions/run', async (c) => {
    const { runId } = await actionDesk.run(await readBody(c, runActionRequest));
    return c.json({ runId });
  });
  routes.get('/dead-letters', async (c) => c.json(await deadLetters.list(readQuery(c, listQuery).limit)));
  routes.post('/dead-letters/replay', async (c) => {
    return c.json({ runIds: await deadLetters.replay(await readBody(c, deadLetterChoice)) });
  });
  routes.post('/dead-letters/discard', async (c) => {
    return c.json({ runIds: await deadLetters.discard(await readBody(c, deadLetterChoice)) });
  });
  return routes;
}
