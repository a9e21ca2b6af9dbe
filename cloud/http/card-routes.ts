/** Routes of boards and cards. See `core/wire/cards.ts`. */
import { Hono } from 'hono';
import { cardRequest } from '../../core/wire/cards.js';
import { listBoards, readWiring } from '../cards/boards.js';
import { readBody } from './request.js';
import type { Services } from './services.js';

export function cardRoutes({ cards, things, hub }: Services): Hono {
  const routes = new Hono();
  routes.get('/boards', async (c) => c.json(await listBoards()));
  routes.get('/boards/:name/wiring.svg', async (c) =>
    c.body(await readWiring(c.req.param('name')), 200, { 'Content-Type': 'image/svg+xml' }),
  );
  routes.post('/cards', async (c) => {
    const card = await cards.make(await readBody(c, cardRequest));
    hub.publish({ type: 'thing', data: await things.view(card.thing) });
    return c.json(card, 201);
  });
  return routes;
}
